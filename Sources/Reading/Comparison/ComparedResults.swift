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
        if group == .allStudents {
            measures += Self.percentages(of: determination)
        } else {
            measures += Self.percentages(
                percentile: determination.groupPercentiles.first { $0.group == group.wireName }?.percentile,
                annual: own.map { ($0.annualExact, $0.annual) }
            )
        }
        schoolYear = Int(determination.schoolYear)
        classification = determination.classification
        level = determination.level
        printedAnnual = group == .allStudents && determination.hasAnnual ? Int(determination.annual) : nil
        issued = determination.issuedUnixMilliseconds
        self.measures = measures
    }

    /// What a publication shows of a group of students.
    package init(_ publication: Accountability_V1_Publication, _ group: StudentGroup = .allStudents) {
        var measures = publication.figures.filter { $0.group == group.wireName && !$0.value.isEmpty }
            .map { figure in
                Measure(
                    figure.measure,
                    figure.value,
                    target: figure.target,
                    points: figure.hasPoints ? figure.points : nil
                )
            }
        if group == .allStudents {
            measures += Self.percentages(of: publication)
        } else {
            measures += Self.percentages(
                percentile: publication.groupPercentiles.first { $0.group == group.wireName }?.percentile,
                annual: publication.groupPercentages.first { $0.group == group.wireName }
                    .map { ($0.annualExact, $0.annual) }
            )
        }
        schoolYear = Int(publication.schoolYear)
        classification = publication.classification
        level = publication.level
        printedAnnual = group == .allStudents && publication.hasAnnual ? Int(publication.annual) : nil
        issued = publication.issuedUnixMilliseconds
        self.measures = measures
    }

    private static func percentages(of results: some ComparableResults) -> [Measure] {
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

/// What a determination and a publication both name.
private protocol ComparableResults {
    var hasPercentile: Bool { get }
    var percentile: UInt32 { get }
    var annualExact: String { get }
    var hasAnnual: Bool { get }
    var annual: UInt32 { get }
    var hasCumulative: Bool { get }
    var cumulative: UInt32 { get }
}

extension Accountability_V1_Determination: ComparableResults {}
extension Accountability_V1_Publication: ComparableResults {}
