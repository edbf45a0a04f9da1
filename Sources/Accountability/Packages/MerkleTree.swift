internal import Crypto

/// A Merkle tree over documents, as RFC 6962, section 2.1, makes it with SHA-256.
///
/// A leaf is hashed with a prefix byte 0 and a node with a prefix byte 1, so neither can be mistaken for the other. Of
/// n leaves, the left branch has the largest power of two below n.
struct MerkleTree {
    /// 32 bytes.
    typealias Hash = [UInt8]

    /// The hashes of the leaves, in their order.
    let leaves: [Hash]

    /// The hash of a document.
    static func leaf(_ document: [UInt8]) -> Hash { Array(SHA256.hash(data: [0] + document)) }

    /// The hash over two branches.
    static func node(_ left: Hash, _ right: Hash) -> Hash { Array(SHA256.hash(data: [1] + left + right)) }

    /// The hash over everything; that of a tree without leaves is the hash of nothing.
    var root: Hash { Self.root(leaves[...]) }

    private static func root(_ leaves: ArraySlice<Hash>) -> Hash {
        guard let first = leaves.first else { return Array(SHA256.hash(data: [UInt8]())) }
        guard leaves.count > 1 else { return first }
        let middle = leaves.startIndex + leftCount(leaves.count)
        return node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    /// The largest power of two below a number of at least 2.
    private static func leftCount(_ count: Int) -> Int {
        var left = 1
        // A count can come from a file, and be any.
        while left <= (count - 1) / 2 { left *= 2 }
        return left
    }

    /// The hashes that lead from a leaf to the root, the nearest first.
    func path(of place: Int) -> [Hash] { Self.path(place, leaves[...]) }

    private static func path(_ place: Int, _ leaves: ArraySlice<Hash>) -> [Hash] {
        guard leaves.count > 1 else { return [] }
        let left = leftCount(leaves.count)
        let middle = leaves.startIndex + left
        return place < left
            ? path(place, leaves[..<middle]) + [root(leaves[middle...])]
            : path(place - left, leaves[middle...]) + [root(leaves[..<middle])]
    }

    /// The root computed from a leaf and its path; nil if no tree of this size has such a path.
    static func root(from leaf: Hash, at place: Int, of count: Int, by path: [Hash]) -> Hash? {
        guard count > 1 else { return count == 1 && place == 0 && path.isEmpty ? leaf : nil }
        guard (0..<count).contains(place), let last = path.last else { return nil }
        let left = leftCount(count)
        let rest = Array(path.dropLast())
        if place < left { return root(from: leaf, at: place, of: left, by: rest).map { node($0, last) } }
        return root(from: leaf, at: place - left, of: count - left, by: rest).map { node(last, $0) }
    }
}
