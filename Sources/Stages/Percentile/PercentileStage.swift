public import Messages
public import Rules
public import Streaming

/// Ranks all organizations of the state by student group: accountability percentiles of schools, 603 CMR 2.03(2)(a),
/// percentiles of their subgroups, (2)(c), and the values at the statewide 80th and 90th percentile that the points of
/// (2)(b) ask for.
public struct PercentileStage: Stage {
    /// The stage's name.
    public let name = PipelineStage.percentile.name
    /// Standings, and all directives.
    public let sources: [Source]
    /// Percentiles.
    public let outputs: [Output]

    static let standings = 0
    static let directives = 1
    /// The task that ranks a group publishes all of it.
    static let percentiles = TableOutput(TableTopics.percentiles, at: 0, publisher: .of { .group($0.group) })

    private let frameworks: FrameworkSet

    /// The stage of an installation, computing each year under its framework of these.
    public init(pipeline: Pipeline, frameworks: FrameworkSet = .builtIn) {
        self.frameworks = frameworks
        sources = [pipeline.source(Topics.standings), pipeline.source(Topics.directives)]
        outputs = [Self.percentiles.declared(in: pipeline)]
    }

    /// The documents on record under which it computes.
    public var configuration: UInt64? { frameworks.identity }
    /// The stages before it compute under the same documents.
    public var sharesConfiguration: Bool { true }

    /// The partition in which the task of a group publishes an entry.
    ///
    /// - Parameters:
    ///   - key: of the entry.
    ///   - group: the group that the task ranks.
    ///   - partitions: of the topic of percentiles.
    /// - Returns: the partition.
    public static func partition(of key: PercentileKey, _ group: StudentGroup, partitions: Int32) -> Int32 {
        key.placement.partition(of: partitions) ?? KeyPlacement.group(group).partition(of: partitions) ?? 0
    }

    /// A task that knows no standings.
    public func makeTask(_ context: TaskContext) -> any StageTask {
        PercentileTask(frameworks)
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

    init(_ frameworks: FrameworkSet) {
        self.frameworks = YearFrameworks(frameworks)
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        guard record.source == PercentileStage.standings else { return try foldDirective(record) }
        let key = try record.key(of: TableTopics.standings)
        let minimumSize = try frameworks[key.schoolYear]?.minimumSize
        let row = try record.message(of: TableTopics.standings, under: key)
            .map { try StandingRow($0, minimumSize: minimumSize) }
        table(key.group).set(row, of: key.organization, year: key.schoolYear, cause: record.cause)
    }

    /// A release of the state's results may freeze their norm.
    private func foldDirective(_ record: InputRecord) throws {
        let key = try record.key(of: TableTopics.directives)
        let isChanged = directives.set(try record.message(of: TableTopics.directives, under: key), key)
        if isChanged, key.act == .reconfiguration || key.act == .organizationChange {
            for table in groups.values {
                table.set(changes: directives.changes, from: key.schoolYear, cause: record.cause)
            }
        }
        if isChanged || key.act == .release { try noteReleases() }
    }

    private func noteReleases() throws {
        for year in completeYears { try noteRelease(year: year) }
        for table in groups.values { table.await(release: directives.awaitedRelease) }
    }

    private func noteRelease(year: Int) throws {
        let release = try frameworks[year].flatMap { directives.release(in: year, $0) }
        guard release != releases[year] else { return }
        releases[year] = release
        for table in groups.values { table.markDirty(year: year) }
    }

    private func table(_ group: StudentGroup) -> GroupStandings {
        if let known = groups[group] { return known }
        let made = GroupStandings(group: group, changes: directives.changes)
        made.await(release: directives.awaitedRelease)
        groups[group] = made
        return made
    }

    /// The norm of a release is kept as it was taken.
    func keeps(output: Int, key: Span<UInt8>) -> Bool {
        guard let key = PercentileKey(utf8: key), case .norm = key.entry else { return false }
        return true
    }

    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        let (key, entry) = try recalled(TableTopics.percentiles, key: key, value: value)
        guard case .norm(let group, let organization) = key.entry else { return }
        var rows: [Int: StandingRow] = [:]
        for standing in entry.norm.standings {
            // Organizations that were part of the norm stay in it, whatever their size now.
            rows[key.schoolYear - Int(standing.schoolYear)] = try StandingRow(standing, minimumSize: nil)
        }
        table(group).recall(rows, of: organization, year: key.schoolYear, release: entry.norm.release)
    }

    func complete(scope: String) throws {
        if let year = SchoolYear.named(scope) {
            completeYears.insert(year)
            for table in groups.values { table.markDirty(year: year) }
        }
        _ = directives.arrive(scope: scope)
        try noteReleases()
    }

    func flush(output: TaskOutput) throws {
        for group in StudentGroup.allCases {
            guard let table = groups[group], table.isDirty else { continue }
            for year in completeYears.sorted() {
                guard let framework = try frameworks[year], framework.percentile != nil else { continue }
                try table.publish(year: year, framework: framework, release: releases[year], output: output)
            }
            // A changed year that is not complete is marked completely when it completes.
            table.clean()
        }
    }
}
