internal import CRdKafka

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A C type that must be destroyed explicitly.
protocol CResource {
    /// The pointer type of the C functions.
    associatedtype Pointer
    /// Destroys the object with its library's function.
    static func destroy(_ pointer: Pointer)
}

/// The only owner of a C object.
///
/// It destroys the object when its own lifetime ends.
@safe
struct Owner<Resource: CResource>: ~Copyable {
    let pointer: Resource.Pointer

    init(_ pointer: Resource.Pointer) {
        self.pointer = pointer
    }

    deinit {
        Resource.destroy(pointer)
    }
}

/// The only owner of several C objects of one type, stored as an array for C functions.
@safe
struct OwnerArray<Resource: CResource>: ~Copyable where Resource.Pointer == OpaquePointer {
    private(set) var pointers: [OpaquePointer?] = unsafe []

    mutating func append(_ pointer: OpaquePointer) {
        unsafe pointers.append(pointer)
    }

    deinit {
        for index in unsafe pointers.indices {
            if let pointer = unsafe pointers[index] { unsafe Resource.destroy(pointer) }
        }
    }
}

enum TopicPartitionListResource: @unsafe CResource {
    static func destroy(_ pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        unsafe rd_kafka_topic_partition_list_destroy(pointer)
    }
}

enum QueueResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_queue_destroy(pointer)
    }
}

enum EventResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_event_destroy(pointer)
    }
}

enum TopicResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_topic_destroy(pointer)
    }
}

enum GroupMetadataResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_consumer_group_metadata_destroy(pointer)
    }
}

// MARK: - Lists of partitions

typealias TopicPartitionList = Owner<TopicPartitionListResource>

extension Owner where Resource == TopicPartitionListResource {
    /// A list with offsets and metadata strings.
    init(_ offsets: [TopicPartitionOffset]) throws(KafkaError) {
        unsafe self.init(rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count)))
        for element in offsets {
            let entry = unsafe element.topic.withCString { topic in
                unsafe rd_kafka_topic_partition_list_add(pointer, topic, element.partition)
            }
            guard let entry = unsafe entry else { continue }
            unsafe entry.pointee.offset = element.offset.rawValue
            if let metadata = element.metadata, !metadata.isEmpty {
                // The list frees it with free(3).
                unsafe entry.pointee.metadata = UnsafeMutableRawPointer(strdup(metadata))
                unsafe entry.pointee.metadata_size = metadata.utf8.count
            }
        }
    }

    /// A list of partitions without offsets.
    init(_ partitions: [TopicPartition]) throws(KafkaError) {
        try self.init(partitions.map { TopicPartitionOffset($0, .invalid) })
    }

    /// Converts the list to Swift; throws the first error of a partition.
    func offsets() throws(KafkaError) -> [TopicPartitionOffset] {
        try unsafe TopicPartitionOffset.all(of: pointer)
    }
}

extension TopicPartition {
    init(_ entry: rd_kafka_topic_partition_t) {
        unsafe self.init(topic: String(cString: entry.topic), partition: entry.partition)
    }

    /// The partitions of a list that someone else owns.
    static func all(of list: UnsafePointer<rd_kafka_topic_partition_list_t>?) -> [TopicPartition] {
        guard let list = unsafe list else { return [] }
        return unsafe (0..<Int(list.pointee.cnt)).map { unsafe TopicPartition(list.pointee.elems[$0]) }
    }
}

extension TopicPartitionOffset {
    /// The offsets of a list that someone else owns; throws the first error of a partition.
    static func all(
        of list: UnsafePointer<rd_kafka_topic_partition_list_t>
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        var result: [TopicPartitionOffset] = []
        let count = unsafe Int(list.pointee.cnt)
        result.reserveCapacity(count)
        for index in 0..<count {
            let entry = unsafe list.pointee.elems[index]
            if let error = unsafe KafkaError(entry.err) {
                throw KafkaError(
                    code: error.code,
                    name: error.name,
                    message: "\(unsafe TopicPartition(entry)): \(error.message)",
                    isFatal: error.isFatal,
                    isRetriable: error.isRetriable
                )
            }
            unsafe result.append(TopicPartitionOffset(entry))
        }
        return result
    }

    init(_ entry: rd_kafka_topic_partition_t) {
        var text: String?
        if let metadata = unsafe entry.metadata, unsafe entry.metadata_size > 0 {
            let bytes = unsafe UnsafeRawBufferPointer(start: metadata, count: entry.metadata_size)
            text = unsafe String(decoding: bytes, as: UTF8.self)
        }
        unsafe self.init(TopicPartition(entry), Offset(rawValue: entry.offset), metadata: text)
    }
}

extension Offset {
    /// librdkafka's number for the place.
    var rawValue: Int64 {
        switch self {
        case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        case .stored: Int64(RD_KAFKA_OFFSET_STORED)
        case .invalid: Int64(RD_KAFKA_OFFSET_INVALID)
        case .at(let value): value
        }
    }

    init(rawValue: Int64) {
        switch rawValue {
        case Int64(RD_KAFKA_OFFSET_BEGINNING): self = .beginning
        case Int64(RD_KAFKA_OFFSET_END): self = .end
        case Int64(RD_KAFKA_OFFSET_STORED): self = .stored
        case 0...: self = .at(rawValue)
        default: self = .invalid
        }
    }
}

extension Duration {
    /// Whole milliseconds for a C call: never negative, and rounded up so that a short wait does not become a busy
    /// loop.
    var milliseconds: Int32 {
        if self <= .zero { return 0 }
        let (seconds, attoseconds) = components
        if seconds >= Int64(Int32.max) / 1_000 { return Int32.max }
        return Int32(seconds * 1_000) + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
