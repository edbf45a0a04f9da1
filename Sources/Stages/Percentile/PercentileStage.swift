import Messages
public import Rules
public import Streaming

/// Ranks all organizations of the state by student group: accountability percentiles of schools, 603 CMR 2.03(2)(a), percentiles of their
/// subgroups, (2)(c), and the values at the statewide 80th and 90th percentile that the points of (2)(b) ask for.
public struct PercentileStage: Stage {
    /// The stage's name.
    public let name = "percentile"
    /// Standings.
    public let sources: [Source]
    /// Percentiles.
    public let outputs: [Output]

    static let percentiles = 0

    /// The stage of an installation.
    public init(pipeline: Pipeline) {
        sources = [.partitioned(pipeline.name(Topics.standings))]
        outputs = [pipeline.output(Topics.percentiles, memory: .everyPartition(publisher: Self.publisher))]
    }

    /// A task that knows no standings.
    public func makeTask(_ context: TaskContext) -> any StageTask {
        PercentileTask()
    }

    /// The partition of standings that a group belongs to, and so the task that ranks it.
    public static func partition(of group: StudentGroup, partitions: Int32) -> Int32 {
        Int32(group.rawValue) % max(partitions, 1)
    }

    /// The task that published a key of the topic of percentiles.
    @Sendable static func publisher(key: String, partitions: Int32) -> Int32? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        let name: Substring
        if parts.count == 6, parts[1] == "threshold" {
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
    private let frameworks = YearFrameworks()

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        let parts = TableKey.parts(record.key)
        guard parts.count == 3, let year = Int(parts[0]), let group = StudentGroup(wireName: parts[1]),
            let organization = OrganizationCode(parts[2])
        else { throw UnusableRecord("not the key of a standing") }
        var standing: GroupStandings.Row?
        if record.value != nil {
            standing = try GroupStandings.Row(
                record.message(Accountability_V1_Standing.self),
                minimumSize: frameworks[year]?.minimumSize
            )
        }
        let table = groups[group] ?? GroupStandings(group: group)
        groups[group] = table
        table.set(standing, of: organization, year: year, cause: record.cause)
    }

    func complete(scope: String) throws {
        guard let year = Int(scope) else { return }
        completeYears.insert(year)
        for table in groups.values { table.markDirty(year: year) }
    }

    func flush(output: TaskOutput) throws {
        for group in StudentGroup.allCases {
            guard let table = groups[group], table.isDirty else { continue }
            for year in completeYears.sorted() {
                guard let framework = frameworks[year], framework.percentile != nil else { continue }
                try table.publish(year: year, framework: framework, output: output)
            }
            // A year that is dirty and not complete is marked as a whole when it completes.
            table.clean()
        }
    }
}
