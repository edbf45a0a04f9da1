internal import CRdKafka
internal import Synchronization

/// A decision of the group about a consumer's partitions.
///
/// See ``Consumer/nextRebalance()`` for the required answers.
public enum Rebalance: Sendable, Hashable {
    /// The consumer gets these partitions; it must assign them.
    case assigned([TopicPartition])
    /// The consumer must give up these partitions: commit, then unassign.
    case revoked([TopicPartition])
    /// These partitions already belong to another member: drop uncommitted work, then unassign.
    case lost([TopicPartition])
}

/// Records the event and wakes the poll.
///
/// The owner answers later, outside of this callback.
func rebalanceCallback(
    client: OpaquePointer?,
    code: rd_kafka_resp_err_t,
    partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    opaque: UnsafeMutableRawPointer?
) {
    guard let context = unsafe ClientContext.of(opaque), let client = unsafe client else { return }
    let list = unsafe TopicPartition.all(of: partitions)
    let isLost = unsafe rd_kafka_assignment_lost(client) != 0
    let isRecorded = context.state.withLock { state in
        if state.isClosing { return false }
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            state.rebalances.append(.assigned(list))
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            state.rebalances.append(isLost ? .lost(list) : .revoked(list))
        default:
            return false
        }
        return true
    }
    if isRecorded {
        // Not rd_kafka_yield: that makes librdkafka 2.0.2's batch call lose the record it holds.
        let address = context.consumerQueue.load(ordering: .acquiring)
        if let queue = unsafe OpaquePointer(bitPattern: address) { unsafe rd_kafka_queue_yield(queue) }
    } else {
        // The consumer is closing, or the group failed: librdkafka waits for an answer that no one else gives.
        unsafe rd_kafka_assign(client, nil)
    }
}
