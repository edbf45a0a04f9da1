internal import CRdKafka

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The headers of messages to produce.
///
/// Build them once, use them for any number of messages, and change values in place.
///
/// A message needs no allocation in Swift, only librdkafka's own copy. Use it from one thread at a time.
@safe
public final class MessageHeaders {
    /// The arguments of `rd_kafka_produceva`: ``reserved`` places for the message, then the headers.
    private(set) var arguments: UnsafeMutableBufferPointer<rd_kafka_vu_t>
    private var values: [HeaderValue] = unsafe []
    /// The number of headers.
    public private(set) var count = 0

    /// Topic, partition, flags, key, value and time stamp of the message.
    static let reserved = 6

    /// The buffer of a value, which the next value reuses.
    @unsafe
    private struct HeaderValue {
        var bytes: UnsafeMutableRawPointer
        var capacity: Int
    }

    /// Creates an empty list with room for a number of headers.
    public init(capacity: Int = 8) {
        unsafe arguments = .allocate(capacity: Self.reserved + max(capacity, 1))
        unsafe arguments.initialize(repeating: rd_kafka_vu_t())
    }

    deinit {
        removeAll()
        unsafe arguments.deallocate()
    }

    /// Adds a header.
    ///
    /// Nil is a null value and differs from an empty one.
    ///
    /// - Returns: the header's index, for ``set(at:_:)-(Int,Span<UInt8>?)``.
    @discardableResult
    public func append(_ name: String, _ value: Span<UInt8>?) -> Int {
        let index = count
        let position = Self.reserved + index
        if unsafe position == arguments.count {
            let larger = unsafe UnsafeMutableBufferPointer<rd_kafka_vu_t>.allocate(capacity: arguments.count * 2)
            unsafe larger.initialize(repeating: rd_kafka_vu_t())
            for at in unsafe 0..<arguments.count { unsafe larger[at] = arguments[at] }
            unsafe arguments.deallocate()
            unsafe arguments = larger
        }
        unsafe arguments[position].vtype = RD_KAFKA_VTYPE_HEADER
        unsafe arguments[position].u.header.name = UnsafePointer(strdup(name))
        unsafe values.append(HeaderValue(bytes: .allocate(byteCount: 32, alignment: 1), capacity: 32))
        count += 1
        set(at: index, value)
        return index
    }

    /// Adds a header with a text as its value.
    @discardableResult
    public func append(_ name: String, _ value: String) -> Int {
        let index = append(name, nil)
        set(at: index, value)
        return index
    }

    /// Sets the value of a header by copying the bytes; nil is a null value.
    ///
    /// An unused index is ignored.
    public func set(at index: Int, _ value: Span<UInt8>?) {
        guard let value else {
            guard index >= 0, index < count else { return }
            unsafe arguments[Self.reserved + index].u.header.val = nil
            unsafe arguments[Self.reserved + index].u.header.size = 0
            return
        }
        unsafe value.withUnsafeBufferPointer { unsafe store(at: index, UnsafeRawBufferPointer($0)) }
    }

    /// Sets the value of a header to a text.
    public func set(at index: Int, _ value: String) {
        var value = value
        value.withUTF8 { unsafe store(at: index, UnsafeRawBufferPointer($0)) }
    }

    /// Removes all headers.
    public func removeAll() {
        for index in 0..<count {
            unsafe free(UnsafeMutablePointer(mutating: arguments[Self.reserved + index].u.header.name))
            unsafe values[index].bytes.deallocate()
        }
        unsafe values.removeAll(keepingCapacity: true)
        count = 0
    }

    private func store(at index: Int, _ bytes: UnsafeRawBufferPointer) {
        guard index >= 0, index < count else { return }
        if unsafe bytes.count > values[index].capacity {
            unsafe values[index].bytes.deallocate()
            unsafe values[index].capacity = bytes.count * 2
            unsafe values[index].bytes = .allocate(byteCount: bytes.count * 2, alignment: 1)
        }
        let target = unsafe values[index].bytes
        if let source = bytes.baseAddress { unsafe target.copyMemory(from: source, byteCount: bytes.count) }
        // Never pass a null pointer, so that an empty value stays empty.
        unsafe arguments[Self.reserved + index].u.header.val = UnsafeRawPointer(target)
        unsafe arguments[Self.reserved + index].u.header.size = bytes.count
    }
}
