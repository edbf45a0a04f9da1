internal import Kafka
internal import Messages
internal import Reading
internal import Streaming

/// The norms of official ranks as they stood at a moment: the newest record of each key up to it.
struct NormsOfMoment {
    /// In milliseconds since 1970.
    let moment: Int64
    private var newest: [PercentileKey: OwnedRecord] = [:]
    /// Keys that have a record of a later time.
    private var later: [PercentileKey: Int64] = [:]

    init(moment: Int64) {
        self.moment = moment
    }

    /// Takes a record, in the order of its partition.
    mutating func take(_ record: borrowing Record) {
        guard let key = record.key(of: TableTopics.percentiles), case .norm = key.entry else { return }
        take(key, record.detach())
    }

    /// Takes a record under the key of a norm.
    mutating func take(_ key: PercentileKey, _ record: OwnedRecord) {
        let timestamp = record.timestamp ?? 0
        if timestamp <= moment { newest[key] = record } else { later[key] = min(later[key] ?? .max, timestamp) }
    }

    /// What stood at the moment: what had been retracted by then does not.
    var standing: [OwnedRecord] {
        newest.sorted { $0.key.text < $1.key.text }.map(\.value).filter { $0.value != nil }
    }

    /// Years with a norm of which records later than the moment are there and none before: compaction keeps the newest
    /// record of a key alone, so that an earlier norm may have stood at the moment.
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
