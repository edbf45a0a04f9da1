internal import Kafka
internal import Messages
internal import Reading
internal import Streaming

/// The content of a table at a moment: the newest record of each key up to it.
///
/// It is for tables that cannot be derived from the ledger. These are the norms of official ranks, and the
/// publications, which contain the disclosure decisions.
struct TableOfMoment<Key: SchoolYearKey> {
    /// In milliseconds since 1970.
    let moment: Int64
    private var newest: [Key: OwnedRecord] = [:]
    /// Keys with a later record, and the earliest time of one.
    private var later: [Key: Int64] = [:]

    init(moment: Int64) {
        self.moment = moment
    }

    /// Takes a record, in the order of its partition.
    ///
    /// Records with other keys are skipped.
    mutating func take(_ record: borrowing Record) where Key == DeterminationKey {
        guard let bytes = record.key, let key = Key(utf8: bytes) else { return }
        take(key, record.detach())
    }

    /// Takes a record, in the order of its partition.
    ///
    /// Records that are not norms are skipped.
    mutating func take(_ record: borrowing Record) where Key == PercentileKey {
        guard let key = record.key(of: TableTopics.percentiles), case .norm = key.entry else { return }
        take(key, record.detach())
    }

    /// Takes a record under its key.
    mutating func take(_ key: Key, _ record: OwnedRecord) {
        let timestamp = record.timestamp ?? 0
        if timestamp <= moment { newest[key] = record } else { later[key] = min(later[key] ?? .max, timestamp) }
    }

    /// The records in force at the moment, without those that had been retracted.
    var standing: [OwnedRecord] {
        newest.sorted { $0.key.text < $1.key.text }.map(\.value).filter { $0.value != nil }
    }

    /// Years with a key that has records only from after the moment, with the time of the oldest one.
    ///
    /// Compaction keeps only the newest record of a key, so an earlier one may have been in force at the moment.
    var doubtful: [(year: Int, oldest: Int64)] {
        var years: [Int: Int64] = [:]
        for (key, timestamp) in later where newest[key] == nil {
            years[key.schoolYear] = min(years[key.schoolYear] ?? .max, timestamp)
        }
        return years.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
