internal import Kafka
internal import Messages
internal import Reading
internal import Streaming

/// The content of a table at a moment: the newest record of each key up to it.
///
/// For tables that cannot be derived from the ledger.
///
/// These are the norms of official ranks, and publications, which contain the disclosure decisions.
struct TableOfMoment<Key: SchoolYearKey> {
    /// In milliseconds since 1970.
    let moment: Int64
    private var newest: [Key: OwnedRecord] = [:]
    /// Keys that have a record of a later time.
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

    /// Takes a record, in the order of its partition; what is no norm is passed over.
    mutating func take(_ record: borrowing Record) where Key == PercentileKey {
        guard let key = record.key(of: TableTopics.percentiles), case .norm = key.entry else { return }
        take(key, record.detach())
    }

    /// Takes a record under its key.
    mutating func take(_ key: Key, _ record: OwnedRecord) {
        let timestamp = record.timestamp ?? 0
        if timestamp <= moment { newest[key] = record } else { later[key] = min(later[key] ?? .max, timestamp) }
    }

    /// What stood at the moment: what had been retracted by then does not.
    var standing: [OwnedRecord] {
        newest.sorted { $0.key.text < $1.key.text }.map(\.value).filter { $0.value != nil }
    }

    /// Years with a key of which records later than the moment are there and none before: compaction keeps the newest
    /// record of a key alone, so that an earlier one may have stood at the moment.
    ///
    /// With the time of the oldest that is left.
    var doubtful: [(year: Int, oldest: Int64)] {
        var years: [Int: Int64] = [:]
        for (key, timestamp) in later where newest[key] == nil {
            years[key.schoolYear] = min(years[key.schoolYear] ?? .max, timestamp)
        }
        return years.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
