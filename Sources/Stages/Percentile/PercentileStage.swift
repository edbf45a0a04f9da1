import Messages
public import Rules
public import Streaming

/// Ranks all organizations of the state by student group: accountability percentiles of schools, 603 CMR 2.03(2)(a),
/// percentiles of their subgroups, (2)(c), and the values at the statewide 80th and 90th percentile that the points of
/// (2)(b) ask for.
public struct PercentileStage: Stage {
    /// The stage's name.
    public let name = "percentile"
    /// Standings, and directives whole.
    public let sources: [Source]
    /// Percentiles.
    public let outputs: [Output]

    static let standings = 0
    static let directives = 1
    static let percentiles = 0

    private let frameworks: FrameworkSet

    /// The stage of an installation, computing each year under its framework of these.
    public init(pipeline: Pipeline, frameworks: FrameworkSet = .builtIn) {
        self.frameworks = frameworks
        sources = [pipeline.source(Topics.standings), pipeline.source(Topics.directives)]
        outputs = [pipeline.output(Topics.percentiles, memory: .everyPartition(publisher: Self.publisher))]
    }

    /// A task that knows no standings.
    public func makeTask(_ context: TaskContext) -> any StageTask {
        PercentileTask(frameworks)
    }

    /// The partition of standings that a group belongs to, and so the task that ranks it.
    public static func partition(of group: StudentGroup, partitions: Int32) -> Int32 {
        Int32(group.rawValue) % max(partitions, 1)
    }

    /// The task that published a key of the topic of percentiles.
    @Sendable static func publisher(key: String, partitions: Int32) -> Int32? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        let name: Substring
        if parts.count == 6 || parts.count == 7, parts[1] == "threshold" {
            name = parts[4]
        } else if parts.count == 4 {
            name = parts[2]
        } else {
            return nil
        }
        return StudentGroup(wireName: name).map { partition(of: $0, partitions: partitions) }
    }
}

/// The groups of one partition.
final class PercentileTask: StageTask {
    private var groups: [StudentGroup: GroupStandings] = [:]
    private var completeYears: Set<Int> = []
    private let frameworks: YearFrameworks
    private var directives = DirectiveTable()
    /// The submission that released the state's results, by school year.
    private var releases: [Int: String] = [:]
    /// The school years in which the Department declared an organization reconfigured.
    private var reconfigurations: [OrganizationCode: Set<Int>] = [:]

    init(_ frameworks: FrameworkSet) {
        self.frameworks = YearFrameworks(frameworks)
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        guard record.source == PercentileStage.standings else { return try foldDirective(record) }
        let parts = TableKey.parts(record.key)
        guard parts.count == 3, let year = Int(parts[0]), let group = StudentGroup(wireName: parts[1]),
            let organization = OrganizationCode(parts[2])
        else { throw UnusableRecord("not the key of a standing") }
        var standing: GroupStandings.Row?
        if record.value != nil {
            standing = try GroupStandings.Row(
                record.message(Accountability_V1_Standing.self),
                minimumSize: try frameworks[year]?.minimumSize
            )
        }
        table(group).set(standing, of: organization, year: year, cause: record.cause)
    }

    /// A release of the state's results may freeze their norm.
    private func foldDirective(_ record: InputRecord) throws {
        let key = TableKey.parts(record.key).joined(separator: "/")
        var directive: Accountability_V1_Directive?
        if record.value != nil { directive = try record.message(Accountability_V1_Directive.self) }
        for organization in directives.set(directive, key: key) {
            guard let code = OrganizationCode(organization) else {
                throw UnusableRecord("a directive for no organization")
            }
            let years = directives.reconfigurations(of: organization)
            guard years != reconfigurations[code, default: []] else { continue }
            reconfigurations[code] = years
            for table in groups.values { table.set(reconfigurations: years, of: code, cause: record.cause) }
        }
        for year in completeYears { try noteRelease(year: year) }
    }

    private func noteRelease(year: Int) throws {
        let release = try frameworks[year].flatMap { directives.release(in: year, $0) }
        guard release != releases[year] else { return }
        releases[year] = release
        for table in groups.values { table.markDirty(year: year) }
    }

    private func table(_ group: StudentGroup) -> GroupStandings {
        if let known = groups[group] { return known }
        let made = GroupStandings(group: group)
        for (organization, years) in reconfigurations {
            made.set(reconfigurations: years, of: organization, cause: "")
        }
        groups[group] = made
        return made
    }

    /// The norm of a release is kept as it was taken.
    func keeps(output: Int, key: Span<UInt8>) -> Bool {
        let parts = TableKey.parts(key)
        return parts.count == 4 && parts[1] == "norm"
    }

    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        let parts = TableKey.parts(key)
        guard parts.count == 4, parts[1] == "norm", let year = Int(parts[0]),
            let group = StudentGroup(wireName: parts[2]),
            let organization = OrganizationCode(parts[3])
        else { return }
        let entry = try decode(Accountability_V1_PercentileEntry.self, from: value)
        var rows: [Int: GroupStandings.Row] = [:]
        for standing in entry.norm.standings {
            // What counted when the norm was taken counts in it whatever the size.
            rows[year - Int(standing.schoolYear)] = try GroupStandings.Row(standing, minimumSize: nil)
        }
        table(group).recall(rows, of: organization, year: year, release: entry.norm.release)
    }

    func complete(scope: String) throws {
        guard let year = Int(scope) else { return }
        completeYears.insert(year)
        try noteRelease(year: year)
        for table in groups.values { table.markDirty(year: year) }
    }

    func flush(output: TaskOutput) throws {
        for group in StudentGroup.allCases {
            guard let table = groups[group], table.isDirty else { continue }
            for year in completeYears.sorted() {
                guard let framework = try frameworks[year], framework.percentile != nil else { continue }
                try table.publish(year: year, framework: framework, release: releases[year], output: output)
            }
            // A year that is dirty and not complete is marked as a whole when it completes.
            table.clean()
        }
    }
}
