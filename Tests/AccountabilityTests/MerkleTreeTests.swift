import Streaming
import Testing

@testable import accountability

/// The tree of packages against that of RFC 6962, section 2.1.
@Suite struct MerkleTreeTests {
    /// The documents of the test vectors that Certificate Transparency's implementations share.
    static let documents: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43], Array(0x50...0x57),
        Array(0x60...0x6F),
    ]
    /// The roots over the first one, two and so on: `merkle_tree_test.cc` of google/certificate-transparency.
    static let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    private static func tree(_ count: Int) -> MerkleTree {
        MerkleTree(leaves: documents.prefix(count).map { MerkleTree.leaf($0) })
    }

    @Test func theRootsAreThoseOfTheKnownVectors() {
        for (place, root) in Self.roots.enumerated() { #expect(Self.tree(place + 1).root.hexadecimal == root) }
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(Self.tree(0).root.hexadecimal == nothing)
    }

    /// The audit path of leaf 5 of 8, from the same vectors.
    @Test func aPathIsThatOfTheKnownVectors() {
        let path = Self.tree(8).path(of: 5).map(\.hexadecimal)
        #expect(
            path == [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        )
    }

    /// The root as it comes about when leaves are added one by one and equal trees are merged.
    private static func merged(_ leaves: [MerkleTree.Hash]) -> MerkleTree.Hash? {
        var stack: [(hash: MerkleTree.Hash, size: Int)] = []
        for leaf in leaves {
            stack.append((leaf, 1))
            while stack.count > 1, stack[stack.count - 1].size == stack[stack.count - 2].size {
                let (right, left) = (stack.removeLast(), stack.removeLast())
                stack.append((MerkleTree.node(left.hash, right.hash), left.size + right.size))
            }
        }
        while stack.count > 1 {
            let (right, left) = (stack.removeLast(), stack.removeLast())
            stack.append((MerkleTree.node(left.hash, right.hash), left.size + right.size))
        }
        return stack.first?.hash
    }

    @Test(arguments: 1...40) func everyLeafLeadsToTheRootAndNoOtherDoes(_ count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        let leaves = (0..<count)
            .map { place in
                let length = Int.random(in: 0...40, using: &random)
                return MerkleTree.leaf(
                    [UInt8(place)] + (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                )
            }
        let tree = MerkleTree(leaves: leaves)
        #expect(tree.root == Self.merged(leaves))
        for (place, leaf) in leaves.enumerated() {
            let path = tree.path(of: place)
            func root(_ leaf: [UInt8], _ place: Int, _ count: Int, _ path: [[UInt8]]) -> [UInt8]? {
                MerkleTree.root(from: leaf, at: place, of: count, by: path)
            }
            #expect(root(leaf, place, count, path) == tree.root)
            #expect(root(MerkleTree.leaf([1]), place, count, path) != tree.root)
            for other in (-1...count) where other != place { #expect(root(leaf, other, count, path) != tree.root) }
            #expect(root(leaf, place, count, path + [leaf]) == nil)
            #expect(path.isEmpty || root(leaf, place, count, Array(path.dropLast())) == nil)
            for step in path.indices {
                var changed = path
                changed[step][Int.random(in: 0..<32, using: &random)] ^= 1
                #expect(root(leaf, place, count, changed) != tree.root)
            }
        }
        // A leaf does not pass for a node.
        #expect(count < 2 || MerkleTree.leaf(leaves[0] + leaves[1]) != MerkleTree.node(leaves[0], leaves[1]))
    }

    /// The numbers of a proof come from a file that anybody may have written.
    @Test(arguments: [Int.min, -1, 0, 1, Int.max / 2 + 1, Int.max - 1, Int.max])
    func noNumbersOfAProofAreTooLarge(_ count: Int) {
        let leaf = MerkleTree.leaf([1])
        func root(_ place: Int, _ length: Int) -> [UInt8]? {
            MerkleTree.root(from: leaf, at: place, of: count, by: Array(repeating: leaf, count: length))
        }
        for length in [0, 1, 62, 63, 64, 100] {
            for place in [Int.min, -1, max(count, 0), Int.max] { #expect(root(place, length) == nil) }
            #expect(length < 64 || root(0, length) == nil, "no tree has so many levels")
        }
        // The largest has 63 levels.
        #expect((root(0, 63) != nil) == (count > 1 << 62))
        #expect((root(0, 0) == leaf) == (count == 1))
    }
}
