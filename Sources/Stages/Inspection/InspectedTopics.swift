import Messages
public import Streaming
internal import SwiftProtobuf

extension Pipeline {
    /// The topics that no stage reads, with what their records must be: of the topic's message, under the key that the
    /// message asks for.
    public var inspectedTopics: [InspectedTopic] {
        let group = group("")
        return [
            inspected(Topics.receipts, Accountability_V1_Receipt.self) { key, receipt in
                key == "\(receipt.submission)/\(receipt.partition)"
            },
            inspected(Topics.rejections, Accountability_V1_Rejection.self) { key, rejection in
                !rejection.submission.isEmpty && !rejection.code.isEmpty
                    && key.hasPrefix("\(rejection.submission)/\(rejection.line)/\(rejection.code)")
            },
            inspected(Topics.notices, Accountability_V1_Notice.self) { key, notice in
                !notice.orgCode.isEmpty && (notice.id.isEmpty || notice.id == key)
            },
            inspected(Topics.deliveries, Accountability_V1_Delivery.self) { key, delivery in
                key == "\(delivery.channel)/\(delivery.notice)" && DeliveryState(rawValue: delivery.state) != nil
            },
            inspected(Topics.positions, Streaming_V1_Position.self) { key, position in
                key.hasPrefix(group) && position.offset >= 0
            },
            inspected(Topics.quarantine, Streaming_V1_Quarantined.self) { key, entry in
                key == "\(entry.topic)/\(entry.partition)/\(entry.offset)/\(entry.stage)"
            },
            InspectedTopic(source(Topics.progress), holdsMarkers: true) { _ in
                throw UnusableRecord("no completion marker", code: .notMarker)
            },
        ]
    }

    private func inspected<M: Message>(
        _ topic: TopicDefinition,
        _ type: M.Type,
        _ fits: @escaping @Sendable (_ key: String, _ message: M) -> Bool
    ) -> InspectedTopic {
        InspectedTopic(source(topic)) { record in
            let message = try record.message(type)
            guard fits(String(decoding: [UInt8](copying: record.key), as: UTF8.self), message) else {
                throw UnusableRecord("the key of another record, or a \(M.protoMessageName) that says nothing")
            }
        }
    }
}
