import Foundation
package import Messages
import SwiftProtobuf

/// A notice as a file.
package enum NoticeFile {
    /// Protobuf's JSON with the field names of the contract, under the notice's place in the spool.
    package static func file(of notice: Accountability_V1_Notice) throws -> SpoolFolder.File {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.useDeterministicOrdering = true
        return SpoolFolder.File(
            name: SpoolFolder.name(of: notice),
            content: Data(try notice.jsonUTF8Bytes(options: options) as [UInt8])
        )
    }

    /// Leaves the file in the folder.
    package static func deliver(_ notice: Accountability_V1_Notice, to spool: SpoolFolder) -> DeliveryOutcome {
        do {
            try spool.write([file(of: notice)])
            return .delivered
        } catch {
            return .failed("\(error)")
        }
    }
}
