/// A closed vocabulary whose cases have a fixed name in files and messages and a fixed canonical order.
public protocol WireNamed: RawRepresentable<UInt8>, CaseIterable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    /// The name in files and messages; it never changes.
    var wireName: String { get }
}

extension WireNamed {
    // Read with every key of a table. Inlined, they are compiled for each vocabulary, and not for all at once.

    /// The case of this exact name, or nil.
    @inlinable
    public init?(wireName: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.wireName == wireName }) else { return nil }
        self = match
    }

    /// The case whose name has exactly these bytes, or nil.
    @inlinable
    public init?(utf8 bytes: Span<UInt8>) {
        for candidate in Self.allCases where candidate.hasName(bytes) {
            self = candidate
            return
        }
        return nil
    }

    @inlinable
    func hasName(_ bytes: Span<UInt8>) -> Bool {
        let name = wireName.utf8
        guard name.count == bytes.count else { return false }
        var place = 0
        for byte in name {
            guard bytes[place] == byte else { return false }
            place += 1
        }
        return true
    }

    /// The canonical order: that of the declaration.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The wire name.
    public var description: String { wireName }
}
