/// What librdkafka counts, from its statistics callback (`statistics.interval.ms`).
public struct Statistics: Sendable, Hashable {
    init?(json: [UInt8]) {
        return nil
    }
}
