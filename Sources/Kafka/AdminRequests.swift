internal import CRdKafka

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

enum NewTopicResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_NewTopic_destroy(pointer)
    }
}

enum DeleteTopicResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_DeleteTopic_destroy(pointer)
    }
}

enum ConfigResourceResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_ConfigResource_destroy(pointer)
    }
}

enum AdminOptionsResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_AdminOptions_destroy(pointer)
    }
}

enum MetadataResource: @unsafe CResource {
    static func destroy(_ pointer: UnsafePointer<rd_kafka_metadata>) {
        unsafe rd_kafka_metadata_destroy(pointer)
    }
}

/// Sending requests and reading their answers.
extension Admin {
    /// Sends a request and waits for its answer; throws if the whole request failed.
    func request(
        _ operation: rd_kafka_admin_op_t,
        _ timeout: Duration,
        _ send: (_ options: OpaquePointer, _ queue: OpaquePointer) -> Void
    ) throws(KafkaError) -> Owner<EventResource> {
        guard
            let options = unsafe rd_kafka_AdminOptions_new(client.pointer, operation),
            let queue = unsafe rd_kafka_queue_new(client.pointer)
        else { throw .closed }
        let optionsOwner = unsafe Owner<AdminOptionsResource>(options)
        let queueOwner = unsafe Owner<QueueResource>(queue)
        var text = [CChar](repeating: 0, count: 512)
        // librdkafka accepts an hour at most.
        let limit = max(1, min(timeout.milliseconds, 3_600_000))
        try client.check(
            unsafe rd_kafka_AdminOptions_set_request_timeout(optionsOwner.pointer, limit, &text, text.count),
            String(cText: text)
        )
        if operation == RD_KAFKA_ADMIN_OP_CREATETOPICS || operation == RD_KAFKA_ADMIN_OP_DELETETOPICS {
            try client.check(
                unsafe rd_kafka_AdminOptions_set_operation_timeout(optionsOwner.pointer, limit, &text, text.count),
                String(cText: text)
            )
        }
        unsafe send(optionsOwner.pointer, queueOwner.pointer)
        // Wait one second longer, because librdkafka's own time-out error says more.
        let answer = unsafe rd_kafka_queue_poll(queueOwner.pointer, limit + 1_000)
        unsafe rd_kafka_poll(client.pointer, 0)
        guard let answer = unsafe answer else { throw .timeout("the cluster did not answer") }
        let event = unsafe Owner<EventResource>(answer)
        let code = unsafe rd_kafka_event_error(event.pointer)
        let message = unsafe rd_kafka_event_error_string(event.pointer).map { unsafe String(cString: $0) }
        try client.check(code, message)
        return event
    }

    /// The errors of the topics of an answer.
    static func errors(_ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int) -> [String: KafkaError] {
        var errors: [String: KafkaError] = [:]
        for index in 0..<count {
            guard let result = unsafe results?[index] else { continue }
            let message = unsafe rd_kafka_topic_result_error_string(result).map { unsafe String(cString: $0) }
            if let error = unsafe KafkaError(rd_kafka_topic_result_error(result), message) {
                errors[unsafe String(cString: rd_kafka_topic_result_name(result))] = error
            }
        }
        return errors
    }

    /// Throws the error of a resource of an answer.
    func check(_ resource: OpaquePointer) throws(KafkaError) {
        let name = unsafe String(cString: rd_kafka_ConfigResource_name(resource))
        let message = unsafe rd_kafka_ConfigResource_error_string(resource).map { unsafe String(cString: $0) }
        try client.check(unsafe rd_kafka_ConfigResource_error(resource), "\(name): \(message ?? "")")
    }

    /// The cluster's brokers and topics.
    func metadata(_ timeout: Duration) throws(KafkaError) -> Owner<MetadataResource> {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try client.check(unsafe rd_kafka_metadata(client.pointer, 1, nil, &metadata, timeout.milliseconds))
        unsafe rd_kafka_poll(client.pointer, 0)
        guard let metadata = unsafe metadata else { throw .closed }
        return unsafe Owner<MetadataResource>(metadata)
    }
}

extension KafkaError {
    /// Whether the cause may only be outdated metadata of the client.
    var isOfMetadata: Bool { code == .unknownTopic || code == .unknownPartition }
}

/// Blocks the thread for a time, but at most until the deadline.
func pause(_ time: Duration, until deadline: ContinuousClock.Instant) {
    usleep(UInt32(min(time, deadline - ContinuousClock.now).milliseconds) * 1000)
}
