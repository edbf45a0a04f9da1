internal import Kafka
internal import Streaming

/// The norms of official ranks as they stood at a moment: the newest record of each key up to it.
struct NormsOfMoment {
    /// In milliseconds since 1970.
    let moment: Int64
    private var newest: [String: OwnedRecord] = [:]
    /// Keys that have a record of a later time.
    private var later: [String: Int64] = [:]

    init(moment: Int64) {
        self.moment = moment
    }

    /// Takes a record, in the order of its partition.
    mutating func take(_ record: borrowing Record) {
        guard let bytes = record.key else { return }
        let key = String(decoding: [UInt8](copying: bytes), as: UTF8.self)
        guard Self.year(ofNorm: key) != nil else { return }
        take(key, record.detach())
    }

    /// Takes a record under the key of a norm.
    mutating func take(_ key: String, _ record: OwnedRecord) {
        let timestamp = record.timestamp ?? 0
        if timestamp <= moment { newest[key] = record } else { later[key] = min(later[key] ?? .max, timestamp) }
    }

    /// What stood at the moment: what had been retracted by then does not.
    var standing: [OwnedRecord] {
        newest.sorted { $0.key < $1.key }.map(\.value).filter { $0.value != nil }
    }

    /// Years with a norm of which records later than the moment are there and none before: compaction keeps the newest
    /// record of a key alone, so that an earlier norm may have stood at the moment.
    ///
    /// With the time of the oldest that is left.
    var doubtful: [(year: String, oldest: Int64)] {
        var years: [String: Int64] = [:]
        for (key, timestamp) in later where newest[key] == nil {
            guard let year = Self.year(ofNorm: key) else { continue }
            years[year] = min(years[year] ?? .max, timestamp)
        }
        return years.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The school year of a norm's key, `<school year>/norm/<group>/<org>`; nil for other keys.
    static func year(ofNorm key: String) -> String? {
        let parts = key.split(separator: "/", maxSplits: 2)
        return parts.count == 3 && parts[1] == "norm" ? String(parts[0]) : nil
    }
}
