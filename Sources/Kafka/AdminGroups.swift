internal import CRdKafka

/// Consumer groups.
extension Admin {
    /// Describes groups with their members.
    ///
    /// A group that no broker knows is described as dead.
    ///
    /// It does not use `DescribeConsumerGroups`: in librdkafka 2.0.2 that request can end the process if a coordinator
    /// answers after the time-out ("Assertion eonce->refcnt > 0").
    ///
    /// - Parameters:
    ///   - groups: the groups' names.
    ///   - timeout: the limit of the call.
    /// - Returns: a description for each name, in their order.
    /// - Throws: if a group was not found and not every broker has answered.
    public func describeGroups(_ groups: [String], timeout: Duration) throws(KafkaError) -> [GroupDescription] {
        let deadline = ContinuousClock.now + timeout
        var descriptions: [GroupDescription] = []
        for group in groups {
            descriptions.append(try describe(group, timeout: deadline - ContinuousClock.now))
        }
        return descriptions
    }

    private func describe(_ group: String, timeout: Duration) throws(KafkaError) -> GroupDescription {
        var list: UnsafePointer<rd_kafka_group_list>?
        let code = unsafe rd_kafka_list_groups(client.pointer, group, &list, timeout.milliseconds)
        unsafe rd_kafka_poll(client.pointer, 0)
        let owner = unsafe list.map { unsafe GroupList($0) }
        let found = unsafe owner?.first
        if let found = unsafe found, code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTIAL {
            try client.check(unsafe found.err, "group \(group)")
            return unsafe GroupDescription(found)
        }
        guard code != RD_KAFKA_RESP_ERR__PARTIAL else {
            throw .timeout("group \(group): not every broker has answered")
        }
        try client.check(code, "group \(group): \(unsafe String(cString: rd_kafka_err2str(code)))")
        return GroupDescription(groupID: group, state: .dead, assignor: "", members: [])
    }
}

/// The owner of a list of groups.
@safe
private final class GroupList {
    private let pointer: UnsafePointer<rd_kafka_group_list>

    init(_ pointer: UnsafePointer<rd_kafka_group_list>) {
        unsafe self.pointer = pointer
    }

    var first: rd_kafka_group_info? {
        unsafe pointer.pointee.group_cnt > 0 ? pointer.pointee.groups[0] : nil
    }

    deinit {
        unsafe rd_kafka_group_list_destroy(pointer)
    }
}

extension GroupState {
    /// The state from a broker's text.
    init(_ text: String) {
        self =
            switch text {
            case "PreparingRebalance": .preparingRebalance
            case "CompletingRebalance", "AwaitingSync": .completingRebalance
            case "Stable": .stable
            case "Dead": .dead
            case "Empty": .empty
            default: .unknown
            }
    }
}

extension GroupDescription {
    fileprivate init(_ group: rd_kafka_group_info) {
        unsafe self.init(
            groupID: Self.text(group.group),
            state: GroupState(Self.text(group.state)),
            assignor: Self.text(group.`protocol`),
            members: (0..<Int(group.member_cnt)).map { unsafe Member(group.members[$0]) }
        )
    }

    fileprivate static func text(_ text: UnsafeMutablePointer<CChar>?) -> String {
        unsafe text.map { unsafe String(cString: $0) } ?? ""
    }
}

extension GroupDescription.Member {
    fileprivate init(_ member: rd_kafka_group_member_info) {
        let size = unsafe Int(member.member_assignment_size)
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: member.member_assignment, count: max(0, size)))
        unsafe self.init(
            memberID: GroupDescription.text(member.member_id),
            clientID: GroupDescription.text(member.client_id),
            host: GroupDescription.text(member.client_host),
            assignment: Self.assignment(bytes)
        )
    }

    /// The partitions of an assignment in Kafka's consumer protocol.
    ///
    /// If the bytes end too early, only those read so far.
    static func assignment(_ bytes: [UInt8]) -> [TopicPartition] {
        // A version comes first.
        var at = 2
        func number(_ size: Int) -> Int? {
            guard at + size <= bytes.count else { return nil }
            defer { at += size }
            return bytes[at..<at + size].reduce(0) { $0 << 8 | Int($1) }
        }
        var partitions: [TopicPartition] = []
        guard let topics = number(4) else { return [] }
        for _ in 0..<min(topics, bytes.count) {
            guard let length = number(2), at + length <= bytes.count else { break }
            let topic = String(decoding: bytes[at..<at + length], as: UTF8.self)
            at += length
            guard let count = number(4) else { break }
            for _ in 0..<min(count, bytes.count) {
                guard let partition = number(4) else { break }
                partitions.append(TopicPartition(topic: topic, partition: Int32(truncatingIfNeeded: partition)))
            }
        }
        return partitions
    }
}
