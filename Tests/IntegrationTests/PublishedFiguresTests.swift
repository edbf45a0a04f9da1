import Foundation
import PublishedFigures
import Rules
import Testing

/// The published files through the whole pipeline: what comes out of the topics is what the rules print for the file.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun,
        "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set; Deploy/test sets them"
    ),
    .enabled(if: TestEnvironment.data != nil, "the published figures are not there (ACCOUNTABILITY_DATA)"),
    .timeLimit(.minutes(30))
)
struct PublishedFiguresTests {
    private let data = TestEnvironment.data ?? ""

    @Test func participationOf2007To2012() throws {
        let file = "\(data)/participation-2007-2012.csv.gz"
        let installation = try Installation(partitions: 4)
        let years = [2007, 2008, 2009, 2010, 2012]
        try installation.runYears(
            years,
            files: [file],
            options: ["--layout", "participation_counts", "--ignore-extra"]
        )

        let evaluated = try run(
            "\(TestEnvironment.programs ?? "")/accountability",
            ["evaluate", "participation", file, "--ignore-extra"]
        )
        try #require(evaluated.code == 0, "\(evaluated.errors)")
        // `evaluate` prints the subject as the file writes it, the topic holds it by its name.
        var printed = Set(evaluated.lines.dropFirst().map(Self.withNamedSubject))
        let rows = printed.count
        let agreement = try #require(evaluated.errors.firstMatch(of: /(\d+) of (\d+) agree/))
        let (agreeing, published) = (try #require(Int(agreement.1)), try #require(Int(agreement.2)))
        #expect(published == 361_447 && agreeing == 359_291)
        for year in years {
            for line in try installation.must(["participation", "\(year)", "--department", "--format", "csv"]).lines
                .dropFirst()
            {
                printed.remove(line)
            }
        }
        #expect(rows > 400_000)
        #expect(
            printed.isEmpty,
            "\(printed.count) rows of \(rows) are not in the topic, such as \(printed.sorted().prefix(3))"
        )
    }

    private static func withNamedSubject(_ line: String) -> String {
        var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard fields.count > 4, let subject = Subject(name: fields[4]) else { return line }
        fields[4] = subject.wireName
        return fields.joined(separator: ",")
    }

    /// The sheets with the columns that the layout always had, and all three together with the optional ones.
    @Test(arguments: [GradeSpan.nonHigh, .high, nil])
    func subgroupPercentilesOf2019(_ span: GradeSpan?) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "research-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let values = "\(folder)/indicator_values.csv"
        switch span {
        case .nonHigh: try ResearchFile.convert("subgroup-percentile-2019-non-high.csv.gz", .nonHigh, to: values)
        case .high: try ResearchFile.convert("subgroup-percentile-2019-high.csv.gz", .high, to: values)
        case nil: try LongResearchFile.convert(to: values)
        }

        let installation = try Installation(partitions: 3)
        try installation.runYears([2018, 2019], files: [values])
        let evaluated = try run(
            "\(TestEnvironment.programs ?? "")/accountability",
            ["evaluate", "percentiles", values]
        )
        try #require(evaluated.code == 0, "\(evaluated.errors)")
        let expected = Set(evaluated.lines.dropFirst())
        let published = Set(try installation.must(["percentiles", "2019", "--format", "csv"]).lines.dropFirst())
        #expect(expected.count > 1000)
        #expect(
            published == expected,
            "\(expected.subtracting(published).sorted().prefix(3)) against \(published.subtracting(expected).sorted().prefix(3))"
        )
    }
}
