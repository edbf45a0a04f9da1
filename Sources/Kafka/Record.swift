internal import CRdKafka

/// The topics of a consumer's records.
///
/// Each librdkafka handle gets a name and an index.
@safe
final class TopicTable {
    private(set) var names: [String] = []
    private var handles: [OpaquePointer] = unsafe []
    private var indexes: [Int] = []
    private var client: ClientHandle?

    init(client: ClientHandle) {
        self.client = client
    }

    deinit {
        release()
    }

    /// Releases the handles.
    ///
    /// Names and indexes remain valid.
    func release() {
        for index in unsafe handles.indices { unsafe TopicResource.destroy(handles[index]) }
        unsafe handles.removeAll()
        indexes.removeAll()
        client = nil
    }

    /// The index of a topic by its name; assigned at the first call.
    func index(of name: String) -> Int {
        if let index = names.firstIndex(of: name) { return index }
        names.append(name)
        return names.count - 1
    }

    /// The index of the topic of a message.
    func index(of handle: OpaquePointer?) -> Int {
        guard let handle = unsafe handle else { return index(of: "") }
        for at in unsafe 0..<handles.count where unsafe handles[at] == handle { return indexes[at] }
        let name = unsafe String(cString: rd_kafka_topic_name(handle))
        let index = index(of: name)
        // Our own reference prevents reuse of the address for another topic.
        if let client, let kept = unsafe rd_kafka_topic_new(client.pointer, name, nil) {
            if kept == handle {
                unsafe handles.append(kept)
                indexes.append(index)
            } else {
                unsafe TopicResource.destroy(kept)
            }
        }
        return index
    }
}

/// The storage of a batch: the messages of one poll.
///
/// It retains the client, which must outlive its messages.
@safe
final class BatchStorage {
    let messages: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    let topicIndexes: UnsafeMutableBufferPointer<Int>
    var count = 0
    var topics: TopicTable?
    var client: ClientHandle?

    init(capacity: Int) {
        unsafe messages = .allocate(capacity: max(capacity, 1))
        unsafe messages.initialize(repeating: nil)
        unsafe topicIndexes = .allocate(capacity: max(capacity, 1))
        unsafe topicIndexes.initialize(repeating: 0)
    }

    deinit {
        removeAll()
        unsafe messages.deallocate()
        unsafe topicIndexes.deallocate()
    }

    func removeAll() {
        for index in 0..<count {
            unsafe rd_kafka_message_destroy(messages[index])
        }
        count = 0
        topics = nil
        client = nil
    }
}

/// The records of one poll.
///
/// The next poll reuses the batch and invalidates its records.
public struct RecordBatch: ~Copyable {
    let storage: BatchStorage

    /// A batch for at most this many records.
    public init(capacity: Int) {
        storage = BatchStorage(capacity: capacity)
    }

    /// The most records that one poll can deliver.
    public var capacity: Int {
        unsafe storage.messages.count
    }

    /// The number of records.
    public var count: Int {
        storage.count
    }

    /// Whether there are no records.
    public var isEmpty: Bool {
        storage.count == 0
    }

    /// Releases the records and their references to the client.
    public mutating func removeAll() {
        storage.removeAll()
    }

    /// The record at an index below ``count``.
    public subscript(_ index: Int) -> Record {
        @_lifetime(borrow self)
        get {
            precondition(index >= 0 && index < storage.count, "no record at index \(index) of \(storage.count)")
            let record = unsafe Record(storage.messages[index]!, storage.topicIndexes[index], storage.topics!)
            return unsafe _overrideLifetime(record, borrowing: self)
        }
    }

    /// Calls the body with every record, in order.
    public func forEach<Failure: Error>(_ body: (borrowing Record) throws(Failure) -> Void) throws(Failure) {
        for index in 0..<storage.count {
            try body(self[index])
        }
    }
}

/// A consumed record, borrowed from its batch.
///
/// Nothing is copied, and it cannot outlive the batch.
///
/// See ``detach()``.
@safe
public struct Record: ~Copyable, ~Escapable {
    private let message: UnsafeMutablePointer<rd_kafka_message_t>
    private let topics: Unmanaged<TopicTable>
    /// The topic's index among the topics of the consumer: see ``Consumer/topicIndex(_:)``.
    ///
    /// Cheap to compare.
    public let topicIndex: Int

    @_lifetime(immortal)
    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, _ topicIndex: Int, _ topics: TopicTable) {
        unsafe self.message = message
        self.topicIndex = topicIndex
        unsafe self.topics = Unmanaged.passUnretained(topics)
    }

    /// The topic's name, which is shared between records.
    public var topic: String {
        unsafe topics._withUnsafeGuaranteedRef { $0.names[topicIndex] }
    }

    /// The partition's number.
    public var partition: Int32 {
        unsafe message.pointee.partition
    }

    /// The record's number in its partition.
    public var offset: Int64 {
        unsafe message.pointee.offset
    }

    /// Milliseconds since 1970 UTC, set by the producer or the broker; nil if there is none.
    public var timestamp: Int64? {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let value = unsafe rd_kafka_message_timestamp(message, &type)
        return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || value < 0 ? nil : value
    }

    /// The key's bytes; nil if there is no key, which differs from an empty key.
    public var key: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            unsafe span(message.pointee.key, message.pointee.key_len)
        }
    }

    /// The value's bytes; nil for a tombstone, which differs from an empty value.
    public var value: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            unsafe span(message.pointee.payload, message.pointee.len)
        }
    }

    /// The last header with this name.
    ///
    /// The headers are parsed at the first access.
    @_lifetime(copy self)
    public func header(_ name: StaticString) -> HeaderLookup {
        guard name.hasPointerRepresentation else { return header(name.description) }
        return unsafe lookup(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
    }

    /// The last header with this name.
    @_lifetime(copy self)
    public func header(_ name: String) -> HeaderLookup {
        var value: UnsafeRawPointer?
        var size = 0
        let isPresent = unsafe name.withCString { unsafe find($0, &value, &size) }
        return unsafe HeaderLookup(isPresent: isPresent, value: span(UnsafeMutableRawPointer(mutating: value), size))
    }

    /// The number of headers.
    public var headerCount: Int {
        guard let headers = unsafe headers else { return 0 }
        return unsafe rd_kafka_header_cnt(headers)
    }

    /// A copy that is independent of the batch.
    public func detach() -> OwnedRecord {
        var copies: [(String, [UInt8]?)] = []
        if let headers = unsafe headers {
            for index in 0..<(unsafe rd_kafka_header_cnt(headers)) {
                var name: UnsafePointer<CChar>?
                var value: UnsafeRawPointer?
                var size = 0
                let error = unsafe rd_kafka_header_get_all(headers, index, &name, &value, &size)
                guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let name = unsafe name else { continue }
                unsafe copies.append((String(cString: name), bytes(value, size)))
            }
        }
        return unsafe OwnedRecord(
            topic: topic,
            partition: partition,
            offset: offset,
            timestamp: timestamp,
            key: bytes(message.pointee.key, message.pointee.key_len),
            value: bytes(message.pointee.payload, message.pointee.len),
            headers: copies
        )
    }

    /// The message's headers, owned by the message; nil if it has none.
    private var headers: OpaquePointer? {
        var headers: OpaquePointer?
        let error = unsafe rd_kafka_message_headers(message, &headers)
        return error == RD_KAFKA_RESP_ERR_NO_ERROR ? unsafe headers : nil
    }

    @_lifetime(copy self)
    private func lookup(_ name: UnsafePointer<CChar>) -> HeaderLookup {
        var value: UnsafeRawPointer?
        var size = 0
        let isPresent = unsafe find(name, &value, &size)
        return unsafe HeaderLookup(isPresent: isPresent, value: span(UnsafeMutableRawPointer(mutating: value), size))
    }

    private func find(_ name: UnsafePointer<CChar>, _ value: inout UnsafeRawPointer?, _ size: inout Int) -> Bool {
        guard let headers = unsafe headers else { return false }
        return unsafe rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    @_lifetime(copy self)
    private func span(_ address: UnsafeMutableRawPointer?, _ count: Int) -> Span<UInt8>? {
        guard let address = unsafe address else { return nil }
        let span = unsafe Span<UInt8>(_unsafeStart: address.assumingMemoryBound(to: UInt8.self), count: count)
        return unsafe _overrideLifetime(span, copying: self)
    }

    private func bytes(_ address: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        guard let address = unsafe address else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: address, count: count))
    }
}

/// The result of a header lookup: absent, present without a value, or present with one.
public struct HeaderLookup: ~Escapable {
    /// Whether the record has the header.
    public let isPresent: Bool
    /// The header's bytes; nil if it is absent or its value is null.
    public let value: Span<UInt8>?

    @_lifetime(copy value)
    init(isPresent: Bool, value: Span<UInt8>?) {
        self.isPresent = isPresent
        self.value = value
    }
}

/// A consumed record that owns its data.
public struct OwnedRecord: Sendable {
    /// The topic's name.
    public var topic: String
    /// The partition's number.
    public var partition: Int32
    /// The record's number in its partition.
    public var offset: Int64
    /// Milliseconds since 1970 UTC; nil if there is none.
    public var timestamp: Int64?
    /// The key; nil if there is none.
    public var key: [UInt8]?
    /// The value; nil for a tombstone.
    public var value: [UInt8]?
    /// The headers in order; nil is a null value.
    public var headers: [(String, [UInt8]?)]

    /// The text of the first header with a name; empty if there is none.
    public func header(_ name: String) -> String {
        String(decoding: (headers.first { $0.0 == name }?.1 ?? nil) ?? [], as: UTF8.self)
    }

    /// Creates a record from its parts.
    public init(
        topic: String,
        partition: Int32,
        offset: Int64,
        timestamp: Int64? = nil,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [(String, [UInt8]?)] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }
}
