internal import CRdKafka

/// Consumer groups.
extension Admin {
    /// The groups of the cluster, in order of their names.
    public func listGroups(timeout: Duration) throws(KafkaError) -> [GroupListing] {
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, timeout) { options, queue in
            unsafe rd_kafka_ListConsumerGroups(client.pointer, options, queue)
        }
        let result = unsafe rd_kafka_event_ListConsumerGroups_result(event.pointer)
        var errorCount = 0
        let errors = unsafe rd_kafka_ListConsumerGroups_result_errors(result, &errorCount)
        if errorCount > 0, let error = unsafe errors?[0] { throw unsafe KafkaError(borrowing: error) }
        var count = 0
        let groups = unsafe rd_kafka_ListConsumerGroups_result_valid(result, &count)
        var listings: [GroupListing] = []
        for index in 0..<count {
            guard let group = unsafe groups?[index] else { continue }
            unsafe listings.append(
                GroupListing(
                    groupID: String(cString: rd_kafka_ConsumerGroupListing_group_id(group)),
                    state: GroupState(rd_kafka_ConsumerGroupListing_state(group))
                )
            )
        }
        return listings.sorted { $0.groupID < $1.groupID }
    }

    /// Groups with their members; a group that does not exist is described as dead.
    public func describeGroups(_ groups: [String], timeout: Duration) throws(KafkaError) -> [GroupDescription] {
        if groups.isEmpty { return [] }
        let names = groups.map { CText($0) }
        var pointers: [UnsafePointer<CChar>?] = unsafe names.map { unsafe $0.pointer }
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout) { options, queue in
            unsafe rd_kafka_DescribeConsumerGroups(client.pointer, &pointers, pointers.count, options, queue)
        }
        withExtendedLifetime(names) {}
        let result = unsafe rd_kafka_event_DescribeConsumerGroups_result(event.pointer)
        var count = 0
        let described = unsafe rd_kafka_DescribeConsumerGroups_result_groups(result, &count)
        var descriptions: [GroupDescription] = []
        for index in 0..<count {
            guard let group = unsafe described?[index] else { continue }
            if let error = unsafe rd_kafka_ConsumerGroupDescription_error(group) {
                let failure = unsafe KafkaError(borrowing: error)
                if failure.code.rawValue != RD_KAFKA_RESP_ERR_NO_ERROR.rawValue { throw failure }
            }
            unsafe descriptions.append(GroupDescription(group))
        }
        return descriptions
    }

    /// The committed offsets of a group, with the strings committed with them; `.invalid` where there is none.
    ///
    /// - Parameters:
    ///   - group: the group's name; nobody need be a member of it.
    ///   - partitions: the partitions asked for; all that have an offset when nil.
    ///   - requireStable: offsets of a transaction that is not over yet are an error that passes, and not passed over.
    ///   - timeout: the limit of the call.
    /// - Returns: an entry for each partition.
    /// - Throws: the error of the request, or the first of a partition.
    public func groupOffsets(
        _ group: String,
        partitions: [TopicPartition]? = nil,
        requireStable: Bool = false,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        if partitions?.isEmpty == true { return [] }
        var requests = unsafe OwnerArray<GroupOffsetsResource>()
        if let partitions {
            let list = try TopicPartitionList(partitions)
            unsafe requests.append(rd_kafka_ListConsumerGroupOffsets_new(group, list.pointer))
        } else {
            unsafe requests.append(rd_kafka_ListConsumerGroupOffsets_new(group, nil))
        }
        var pointers = unsafe requests.pointers
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout) { options, queue in
            // Refused by a client that does not know the option alone.
            if requireStable {
                unsafe rd_kafka_error_destroy(rd_kafka_AdminOptions_set_require_stable_offsets(options, 1))
            }
            unsafe rd_kafka_ListConsumerGroupOffsets(client.pointer, &pointers, pointers.count, options, queue)
        }
        let result = unsafe rd_kafka_event_ListConsumerGroupOffsets_result(event.pointer)
        var count = 0
        let groups = unsafe rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count)
        guard count == 1, let answer = unsafe groups?[0] else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__BAD_MSG, "\(group): no offsets in the answer")
        }
        if let error = unsafe rd_kafka_group_result_error(answer) { throw unsafe KafkaError(borrowing: error) }
        guard let offsets = unsafe rd_kafka_group_result_partitions(answer) else { return [] }
        return try unsafe TopicPartitionOffset.all(of: offsets)
    }
}

/// A C string with an owner.
@safe
private final class CText {
    let pointer: UnsafePointer<CChar>

    init(_ text: String) {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count + 1)
        for (index, byte) in text.utf8.enumerated() { unsafe buffer[index] = CChar(bitPattern: byte) }
        unsafe buffer[text.utf8.count] = 0
        unsafe pointer = UnsafePointer(buffer.baseAddress!)
    }

    deinit {
        unsafe pointer.deallocate()
    }
}

extension GroupState {
    fileprivate init(_ state: rd_kafka_consumer_group_state_t) {
        self =
            switch state {
            case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE: .preparingRebalance
            case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE: .completingRebalance
            case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE: .stable
            case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD: .dead
            case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY: .empty
            default: .unknown
            }
    }
}

extension GroupDescription {
    fileprivate init(_ group: OpaquePointer) {
        let count = unsafe rd_kafka_ConsumerGroupDescription_member_count(group)
        unsafe self.init(
            groupID: String(cString: rd_kafka_ConsumerGroupDescription_group_id(group)),
            state: GroupState(rd_kafka_ConsumerGroupDescription_state(group)),
            assignor: rd_kafka_ConsumerGroupDescription_partition_assignor(group)
                .map { unsafe String(cString: $0) } ?? "",
            members: (0..<count)
                .compactMap { index in
                    unsafe rd_kafka_ConsumerGroupDescription_member(group, index).map { unsafe Member($0) }
                }
        )
    }
}

extension GroupDescription.Member {
    fileprivate init(_ member: OpaquePointer) {
        let assignment = unsafe rd_kafka_MemberDescription_assignment(member)
        let partitions = unsafe assignment.flatMap { unsafe rd_kafka_MemberAssignment_partitions($0) }
        unsafe self.init(
            memberID: String(cString: rd_kafka_MemberDescription_consumer_id(member)),
            instanceID: rd_kafka_MemberDescription_group_instance_id(member).map { unsafe String(cString: $0) },
            clientID: String(cString: rd_kafka_MemberDescription_client_id(member)),
            host: String(cString: rd_kafka_MemberDescription_host(member)),
            assignment: TopicPartition.all(of: partitions)
        )
    }
}
