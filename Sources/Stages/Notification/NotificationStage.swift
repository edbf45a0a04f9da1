public import Streaming
import Foundation
import Messages
import SwiftProtobuf

/// Tells districts and schools what was determined: a notice for every new or changed determination, and a file for each where a spool
/// folder is given.
public struct NotificationStage: Stage {
    /// The stage's name.
    public let name = "notification"
    /// Determinations.
    public let sources: [Source]
    /// Notices.
    public let outputs: [Output]

    private let spool: SpoolFolder?

    static let notices = 0

    /// The stage of an installation.
    ///
    /// - Parameters:
    ///   - pipeline: the installation.
    ///   - spool: where notices are left as files; nil for the topic alone.
    public init(pipeline: Pipeline, spool: SpoolFolder? = nil) {
        self.spool = spool
        sources = [.partitioned(pipeline.name(Topics.determinations))]
        // A notice is an event: it is sent once, and nothing published before decides about it.
        outputs = [pipeline.output(Topics.notices, memory: .none)]
    }

    /// A task that has told nobody yet.
    public func makeTask(_ context: TaskContext) -> any StageTask {
        NotificationTask(context: context, spool: spool)
    }
}

/// Notices of one partition.
final class NotificationTask: StageTask {
    private let context: TaskContext
    private let spool: SpoolFolder?
    /// Files of notices in the open transaction.
    private var files: [SpoolFolder.File] = []

    init(context: TaskContext, spool: SpoolFolder?) {
        self.context = context
        self.spool = spool
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        // A determination that was withdrawn because its organization vanished has nobody to be told to.
        guard record.value != nil else { return }
        let notice = NoticeText.notice(of: try record.message(Accountability_V1_Determination.self))
        let before = output.sent
        try output.publish(
            NotificationStage.notices,
            partition: Pipeline.partition(ofDistrictOf: notice.orgCode, partitions: output.partitions[0]),
            key: "\(notice.schoolYear)/\(notice.orgCode)/\(notice.revision)",
            value: [UInt8](try notice.serializedData()),
            cause: notice.cause
        )
        // While the task is being restored the output takes nothing: those notices were delivered before.
        guard output.sent > before, spool != nil else { return }
        files.append(try Self.file(of: notice))
    }

    func complete(scope: String) throws {}

    func flush(output: TaskOutput) throws {
        guard let spool, !files.isEmpty else { return }
        try spool.write(files)
        files = []
    }

    /// The file of a notice: protobuf's JSON with the field names of the contract.
    static func file(of notice: Accountability_V1_Notice) throws -> SpoolFolder.File {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        return SpoolFolder.File(
            name: SpoolFolder.name(
                schoolYear: notice.schoolYear,
                district: notice.districtCode,
                organization: notice.orgCode,
                revision: notice.revision
            ),
            content: Data(try notice.jsonUTF8Bytes(options: options) as [UInt8])
        )
    }
}
