/// The framework for district and school accountability of one or more school years: 603 CMR 2.03(1).
///
/// Every number and switch of the rules is a ``Parameter`` with its status and its source. Sections that a year does
/// not have are nil: 2022 has no targets or percentages; before 2018 only participation is known.
public final class Framework: Sendable {
    /// The short name: `2019`.
    public let name: String
    /// The title.
    public let title: String
    /// The school years it holds for, by their spring.
    public let schoolYears: [Int]
    /// Every parameter, in the order of the paths.
    public let parameters: [ParameterRecord]
    /// The content in canonical form: the text whose digest is the framework's identity.
    ///
    /// It has every parameter but those of the operation, on which no figure rests.
    public let canonicalText: String
    /// What it was made from, the parameters of its base included.
    let document: FrameworkDocument

    /// Minimum group sizes.
    public let minimumSize: MinimumSizeParameters
    /// What records can be.
    public let records: RecordParameters
    /// Participation: (2)(d).
    public let participation: ParticipationParameters
    /// Values of the indicators.
    public let indicators: IndicatorParameters?
    /// The lowest performing group: (2)(b)(1).
    public let lowestPerforming: LowestPerformingParameters?
    /// Weights of the categories.
    public let weights: WeightParameters?
    /// Points against targets: (2)(b).
    public let points: PointParameters?
    /// The criterion-referenced target percentage: (2)(b).
    public let percentage: PercentageParameters?
    /// Percentiles: (2)(a), (2)(c).
    public let percentile: PercentileParameters?
    /// Determinations: (3).
    public let determination: DeterminationParameters?
    /// Federal identifications beside the determinations.
    public let federal: FederalParameters?
    /// Publication and suspension: (10), (11).
    public let publication: PublicationParameters?
    /// How the Department works with it.
    public let operation: OperationParameters?
    /// Improvement planning: (7).
    public let planning: PlanningParameters?
    /// District reviews: (4), (6).
    public let review: ReviewParameters?
    /// Candidates for recognition: (2)(f).
    public let recognition: RecognitionParameters?
    /// Comparison of organizations: (5).
    public let comparison: ComparisonParameters?
    /// Disclosure control of what is published.
    public let disclosure: DisclosureParameters?
    /// What is carried over when an organization changes; nil in a document that does not say it, and then nothing is.
    public let organizationChanges: OrganizationChangeParameters?

    /// A framework from its YAML documents: the first is loaded, the others are the bases it may name.
    public static func load(
        file: String,
        text: String,
        bases: [String: String] = [:]
    ) throws(FrameworkError) -> Framework {
        try load(FrameworkDocument(file: file, text: text)) { (name) throws(FrameworkError) in
            guard let text = bases[name] else { return nil }
            return try FrameworkDocument(file: "\(name).yaml", text: text)
        }
    }

    /// A framework from its document.
    ///
    /// - `base`: finds a base by its name; nil if there is none.
    static func load(
        _ own: FrameworkDocument,
        base find: (String) throws(FrameworkError) -> FrameworkDocument?
    ) throws(FrameworkError) -> Framework {
        var document = own
        var base = own.basedOn
        var seen: Set<String> = [own.name]
        while let name = base {
            guard seen.insert(name).inserted, let parent = try find(name) else {
                throw FrameworkError(
                    .malformed,
                    file: own.file,
                    message: "based_on names '\(name)', which is absent or leads in a circle"
                )
            }
            document = document.resolved(over: parent)
            base = parent.basedOn
        }
        return try Framework(document)
    }

    init(_ document: FrameworkDocument) throws(FrameworkError) {
        self.document = document
        name = document.name
        title = document.title
        schoolYears = document.schoolYears
        parameters = document.entries.sorted { $0.key < $1.key }
            .map { path, entry in
                ParameterRecord(path: path, text: entry.value.text, status: entry.status, source: entry.source)
            }
        canonicalText =
            "name: \(name)\ntitle: \(title)\nschool_years: \(schoolYears)\n"
            + parameters.filter { !$0.path.hasPrefix(OperationParameters.section + ".") }
            .map { "\($0.path) = \($0.text) | \($0.status.rawValue) | \($0.source)\n" }.joined()

        let reader = ParameterReader(document)
        minimumSize = try MinimumSizeParameters(reader)
        records = try RecordParameters(reader)
        participation = try ParticipationParameters(reader)
        indicators = reader.has("indicators") ? try IndicatorParameters(reader) : nil
        lowestPerforming = reader.has("lowest_performing") ? try LowestPerformingParameters(reader) : nil
        weights = reader.has("weights") ? try WeightParameters(reader) : nil
        let percentile = reader.has("percentile") ? try PercentileParameters(reader) : nil
        self.percentile = percentile
        let named = percentile?.indicatorPopulation.values.flatMap { $0.value.keys }
        points =
            reader.has("points") ? try PointParameters(reader, indicators: Set(named ?? Indicator.allCases)) : nil
        percentage = reader.has("percentage") ? try PercentageParameters(reader) : nil
        determination = reader.has("determination") ? try DeterminationParameters(reader) : nil
        federal = reader.has("federal") ? try FederalParameters(reader) : nil
        publication = reader.has("publication") ? try PublicationParameters(reader) : nil
        operation =
            reader.has(OperationParameters.section) ? try OperationParameters(reader) : nil
        planning = reader.has("planning") ? try PlanningParameters(reader) : nil
        review = reader.has("review") ? try ReviewParameters(reader) : nil
        recognition = reader.has("recognition") ? try RecognitionParameters(reader) : nil
        comparison = reader.has("comparison") ? try ComparisonParameters(reader) : nil
        disclosure = reader.has("disclosure") ? try DisclosureParameters(reader) : nil
        organizationChanges =
            reader.has(OrganizationChangeParameters.section) ? try OrganizationChangeParameters(reader) : nil
        try reader.finish()
    }

    /// Whether the framework has an indicator in a span; without percentiles every one of the span.
    ///
    /// The values of others are reported as they are, without points and ranks.
    public func has(_ indicator: Indicator, _ span: GradeSpan) -> Bool {
        guard indicator.spans.contains(span) else { return false }
        return percentile?.indicatorPopulation[span].map { $0.value[indicator] != nil } ?? true
    }

    /// A section, or an error that says that the year has no such measure.
    public func require<Chapter>(_ section: KeyPath<Framework, Chapter?>, _ measure: String) throws(FrameworkError)
        -> Chapter
    {
        guard let value = self[keyPath: section] else {
            throw FrameworkError(
                .measureAbsent,
                file: "\(name).yaml",
                message: "the framework of \(schoolYears.map(String.init).joined(separator: ", ")) has no \(measure)"
            )
        }
        return value
    }
}
