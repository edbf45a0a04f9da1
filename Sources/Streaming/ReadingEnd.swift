/// Whether a partition was read to the end that it had at some moment.
///
/// The client reports an end only after a fetch that found nothing new. In a partition that other programs write to all
/// the time this may never happen, so the records count too.
struct ReadingEnd {
    /// The offset after the last record of that moment.
    let offset: Int64
    private(set) var isReached: Bool

    init(_ offset: Int64) {
        self.offset = offset
        isReached = offset <= 0
    }

    /// A record was read.
    ///
    /// The last one of that moment may be the mark of a transaction, which no reader sees. Then the next record or the
    /// end of the partition shows that everything was read.
    mutating func read(_ record: Int64) {
        if record >= offset - 1 { isReached = true }
    }

    /// The partition ended here for this reader.
    mutating func ended(at end: Int64) {
        if end >= offset { isReached = true }
    }
}
