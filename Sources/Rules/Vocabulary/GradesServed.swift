/// The grades that a school is declared to serve.
///
/// Where a file leaves the comparison group or the school type open, the declared grades decide. The grades of single
/// students never do: two stray rows of grade 9 do not make a school of grades K to 8 a high school.
public struct GradesServed: Hashable, Sendable {
    /// The grades.
    public let grades: Set<Grade>

    /// Grades separated by commas or semicolons, or from one to another: `K,01,02`, `PK-5`; nil where there is none or
    /// one of them is no grade.
    public init?(_ text: String) {
        var grades: Set<Grade> = []
        for part in text.split(whereSeparator: { $0 == "," || $0 == ";" }) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = ends.first.flatMap(Self.grade), let last = ends.last.flatMap(Self.grade),
                first <= last
            else { return nil }
            for number in first.number...last.number {
                if let grade = Grade(number: Int(number)) { grades.insert(grade) }
            }
        }
        guard !grades.isEmpty else { return nil }
        self.grades = grades
    }

    private static func grade(_ text: Substring) -> Grade? {
        Grade(String(text.filter { $0 != " " }))
    }

    /// The spans in which the grades are tested: any of 3 to 8 makes the lower span, 10 the upper one.
    public var spans: [GradeSpan] {
        GradeSpan.allCases.filter { span in
            grades.contains { grade in span == .nonHigh ? (3...8).contains(grade.number) : grade.number == 10 }
        }
    }

    /// The schools a school of these grades is ranked with; nil where no grade is tested.
    public var comparisonGroup: ComparisonGroup? {
        ComparisonGroup.allCases.first { $0.spans == spans }
    }

    /// The type of the lower grades: with any of K to 4 and nothing above 6 elementary, with grades above elementary
    /// and middle, without K to 4 middle.
    public var schoolType: SchoolType {
        guard grades.contains(where: { (0...4).contains($0.number) }) else { return .middle }
        return grades.contains { $0.number > 6 } ? .elementaryMiddle : .elementary
    }
}
