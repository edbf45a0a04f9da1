import Messages

/// Matches the records of one key in the topic of determinations with their stage's confirmations.
///
/// The two topics are read independently, so either may be ahead. A record that is never confirmed comes from another
/// program. It is dropped when the stage has published its own record again.
struct ConfirmedRecord {
    /// A determination, or its withdrawal, that is confirmed.
    struct Found {
        let determination: Accountability_V1_Determination?
    }

    private struct Waiting {
        let determination: Accountability_V1_Determination?
        let digest: [UInt8]?
    }

    /// Records without a confirmation, oldest first.
    private var records: [Waiting] = []
    /// Confirmations without a record, oldest first; nil of a withdrawal.
    private var digests: [[UInt8]?] = []
    /// The current confirmed record; nil at first.
    private var standing: [UInt8]?

    /// Takes a record.
    ///
    /// - Returns: it, where it is confirmed.
    mutating func take(_ determination: Accountability_V1_Determination?, _ digest: [UInt8]?) -> Found? {
        if let place = digests.firstIndex(of: digest) {
            digests.removeFirst(place + 1)
        } else if digest != standing {
            records.append(Waiting(determination: determination, digest: digest))
            return nil
        }
        records = []
        standing = digest
        return Found(determination: determination)
    }

    /// Takes a confirmation.
    ///
    /// - Returns: the record that it confirms, where that has come.
    mutating func confirm(_ digest: [UInt8]?) -> Found? {
        guard let place = records.firstIndex(where: { $0.digest == digest }) else {
            if digest != standing || !digests.isEmpty { digests.append(digest) }
            return nil
        }
        let found = records[place]
        records.removeFirst(place + 1)
        digests = []
        standing = digest
        return Found(determination: found.determination)
    }
}
