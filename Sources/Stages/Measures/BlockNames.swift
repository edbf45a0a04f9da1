import Streaming

/// The names of the blocks of records that were read.
///
/// Validation gives each block a name of its own. A second block of the same name was copied by another program: it
/// would take back what was corrected since, so it does not count.
package struct BlockNames {
    private struct Name: Hashable {
        let partition: Int32
        let key: Digest
    }

    private var read: Set<Name> = []

    /// No names.
    package init() {}

    /// Whether no block of this key was noted in the partition.
    package func isNew(_ key: Span<UInt8>, partition: Int32 = 0) -> Bool {
        !read.contains(Name(partition: partition, key: Digest(key)))
    }

    /// Notes a block that counts.
    package mutating func note(_ key: Span<UInt8>, partition: Int32 = 0) {
        read.insert(Name(partition: partition, key: Digest(key)))
    }

    /// Checks that no block of this key was noted.
    ///
    /// A refused block is not noted, because `accountability quarantine` can put it back.
    ///
    /// - Throws: ``UnusableRecord`` for a copied block.
    func check(_ key: Span<UInt8>) throws {
        guard isNew(key) else {
            throw UnusableRecord(
                "a block of this name was read before: another program copied it, and it does not count",
                code: .foreignProducer
            )
        }
    }
}
