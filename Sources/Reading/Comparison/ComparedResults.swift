package import Messages
package import Rules

/// The results of an organization in a school year, as they are compared.
///
/// They are those of the determination, or those of the publication where somebody may see no more.
package struct ComparedResults: Hashable, Sendable {
    /// A figure with its target and its points, where it has them.
    package struct Measure: Encodable, Hashable, Sendable {
        /// `percentile`, `annual`, `cumulative`, `participation/<subject>` or `<grade span>/<indicator>`.
        package let measure: String
        /// As it is kept: an exact decimal, or coded where it is published so.
        package let value: String
        /// As people know it: with one decimal at most.
        package let shown: String
        package let target: String
        package let points: Int?

        init(_ measure: String, _ value: String, shown: String? = nil, target: String = "", points: UInt32? = nil) {
            self.measure = measure
            self.value = value
            self.shown = shown ?? Figure.shown(value)
            self.target = Figure.shown(target)
            self.points = points.map { Int($0) }
        }

        /// The measure without its grade span or its subject.
        var name: String {
            let parts = measure.split(separator: "/")
            return String(parts.first == "participation" ? parts[0] : parts.last ?? "")
        }
    }

    package let schoolYear: Int
    package let classification: String
    package let level: String
    /// The annual percentage as it was printed: that of 2018 is kept with its fraction and shown without.
    package let printedAnnual: Int?
    /// When they were issued, in milliseconds since 1970.
    package let issued: Int64
    /// Only those that have a value.
    package let measures: [Measure]

    /// A year without a determination.
    package init(schoolYear: Int) {
        self.schoolYear = schoolYear
        (classification, level, printedAnnual, issued, measures) = ("", "", nil, 0, [])
    }

    /// What a determination says of a group of students.
    package init(_ determination: Accountability_V1_Determination, _ group: StudentGroup = .allStudents) {
        var measures = determination.participation.filter { $0.group == group.wireName && $0.hasRate }
            .map { Measure("participation/\($0.subject)", String($0.rate)) }
        let own = determination.groupPercentages.first { $0.group == group.wireName }
        for span in determination.spans + (own?.spans ?? []) {
            for indicator in span.columns.filter({ $0.group == group.wireName }).flatMap(\.indicators) {
                let measure = Measure(
                    "\(span.gradeSpan)/\(indicator.indicator)",
                    indicator.value,
                    target: indicator.target,
                    points: indicator.hasPoints ? indicator.points : nil
                )
                if !indicator.value.isEmpty { measures.append(measure) }
            }
        }
        self.init(determination, group, measures, annual: own.map { ($0.annualExact, $0.annual) })
    }

    /// What a publication shows of a group of students.
    package init(_ publication: Accountability_V1_Publication, _ group: StudentGroup = .allStudents) {
        let measures = publication.figures.filter { $0.group == group.wireName && !$0.value.isEmpty }
            .map { figure in
                Measure(
                    figure.measure,
                    figure.value,
                    target: figure.target,
                    points: figure.hasPoints ? figure.points : nil
                )
            }
        let own = publication.groupPercentages.first { $0.group == group.wireName }
        self.init(publication, group, measures, annual: own.map { ($0.annualExact, $0.annual) })
    }

    /// Results with the measures of a group.
    ///
    /// - `annual`: the group's annual percentage; that of all students stands in the results themselves.
    private init(
        _ results: some ResultsMessage,
        _ group: StudentGroup,
        _ measures: [Measure],
        annual: (exact: String, printed: UInt32?)?
    ) {
        let isOfAll = group == .allStudents
        schoolYear = Int(results.schoolYear)
        classification = results.classification
        level = results.level
        printedAnnual = isOfAll && results.hasAnnual ? Int(results.annual) : nil
        issued = results.issuedUnixMilliseconds
        let percentages =
            isOfAll
            ? Self.percentages(of: results)
            : Self.percentages(
                percentile: results.groupPercentiles.first { $0.group == group.wireName }?.percentile,
                annual: annual
            )
        self.measures = measures + percentages
    }

    private static func percentages(of results: some ResultsMessage) -> [Measure] {
        percentages(
            percentile: results.hasPercentile ? results.percentile : nil,
            annual: (results.annualExact, results.hasAnnual ? results.annual : nil),
            cumulative: results.hasCumulative ? results.cumulative : nil
        )
    }

    private static func percentages(
        percentile: UInt32?,
        annual: (exact: String, printed: UInt32?)?,
        cumulative: UInt32? = nil
    ) -> [Measure] {
        var measures: [Measure] = []
        if let percentile { measures.append(Measure("percentile", String(percentile))) }
        if let annual, !annual.exact.isEmpty {
            let printed = Figure.shown(annual.exact) == annual.exact ? nil : annual.printed.map { String($0) }
            measures.append(Measure("annual", annual.exact, shown: printed))
        }
        if let cumulative { measures.append(Measure("cumulative", String(cumulative))) }
        return measures
    }
}
