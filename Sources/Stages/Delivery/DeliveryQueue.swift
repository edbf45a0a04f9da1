package import Messages

/// The queue of deliveries: due, waiting and dead ones.
///
/// A value without clock, sockets or threads; times are milliseconds since 1970.
///
/// The queue is computed from two topics, notices and deliveries. A notice without a final state must be delivered, so
/// a restart continues where the last run stopped. Notices of one organization are delivered one after another, in
/// order. After a dead one the next follows.
package struct DeliveryQueue {
    /// A notice for a channel.
    package struct Item: Sendable {
        /// The channel.
        package let channel: DeliveryChannel
        /// The notice.
        package fileprivate(set) var notice: Accountability_V1_Notice
        /// When it was published.
        package fileprivate(set) var published: Int64
        /// Its offset in the topic of notices.
        package fileprivate(set) var offset: Int64
        /// When this run read it.
        package fileprivate(set) var read: Int64
        /// The partition of its topics.
        package let partition: Int32
        /// Attempts that failed so far.
        package fileprivate(set) var attempts: UInt32 = 0
        fileprivate var notBefore: Int64 = 0
        /// The item's number in this run.
        package let order: Int

        /// The key of its state.
        package var key: String { DeliveryKey(channel: channel.rawValue, notice: notice.id).text }
        fileprivate var lane: Lane { Lane(channel: channel, organization: notice.orgCode) }
    }

    fileprivate struct Lane: Hashable {
        let channel: DeliveryChannel
        let organization: String
    }

    private struct Line {
        var items: [Item] = []
        var isBusy = false
    }

    /// A partition that is being read to its end.
    private struct Restoring {
        /// In their order; nil for a retracted one.
        var notices: [Taken?] = []
        var places: [String: Int] = [:]
        var states: [String: Accountability_V1_Delivery] = [:]
    }

    /// A notice as its topic has it.
    private struct Taken {
        let notice: Accountability_V1_Notice
        let published: Int64
        let offset: Int64
        let read: Int64
    }

    private let channels: [DeliveryChannel]
    private let schedule: RetrySchedule
    private let since: Int64
    private var random: any RandomNumberGenerator
    private var lines: [Lane: Line] = [:]
    private var restoring: [Int32: Restoring] = [:]
    private var dead: [String: Item] = [:]
    private var released: Set<Int32> = []
    /// The keys of delivered items, with their partitions: a notice that is published again is not delivered again.
    private var delivered: [String: Int32] = [:]
    /// The notices that were published before ``since``, by id: their partitions and the hash values of their content.
    ///
    /// Published again as they were, over another program's record, they are not delivered either.
    private var former: [String: (partition: Int32, content: Int)] = [:]
    /// The time until which the endpoint asked for no requests.
    private var holds: [DeliveryChannel: Int64] = [:]
    private var order = 0

    /// An empty queue.
    ///
    /// - `channels`: the channels that are configured.
    /// - `since`: notices published before are not delivered.
    package init(
        channels: Set<DeliveryChannel>,
        schedule: RetrySchedule,
        since: Int64 = 0,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.channels = DeliveryChannel.allCases.filter { channels.contains($0) }
        self.schedule = schedule
        self.since = since
        self.random = random
    }

    /// Items that are neither delivered nor dead, by channel.
    package var pending: [DeliveryChannel: Int] {
        lines.reduce(into: [:]) { $0[$1.key.channel, default: 0] += $1.value.items.count }
    }

    /// Items that are dead, by channel.
    package var deadCount: [DeliveryChannel: Int] {
        dead.values.reduce(into: [:]) { $0[$1.channel, default: 0] += 1 }
    }

    // MARK: - What the topics say

    /// Takes a notice from its topic.
    ///
    /// One that is published again, over another program's record, takes the place of the earlier one.
    package mutating func take(
        _ notice: Accountability_V1_Notice,
        published: Int64,
        partition: Int32,
        offset: Int64 = 0,
        now: Int64 = 0
    ) {
        guard published == 0 || published >= since else {
            former[notice.id] = (partition, notice.hashValue)
            return
        }
        guard former[notice.id]?.content != notice.hashValue else {
            return retract(notice.id, partition: partition)
        }
        let taken = Taken(notice: notice, published: published, offset: offset, read: now)
        guard released.contains(partition) else {
            let place = restoring[partition]?.places[notice.id]
            if let place {
                restoring[partition]?.notices[place] = taken
            } else {
                let end = restoring[partition]?.notices.count ?? 0
                restoring[partition, default: Restoring()].notices.append(taken)
                restoring[partition]?.places[notice.id] = end
            }
            return
        }
        for channel in channels {
            let item = item(taken, partition, channel)
            guard delivered[item.key] == nil, dead[item.key] == nil, !replace(item) else { continue }
            enqueue(item)
        }
    }

    /// Drops a notice that its stage has retracted, because another program had published it.
    package mutating func retract(_ id: String, partition: Int32) {
        if let place = restoring[partition]?.places.removeValue(forKey: id) {
            restoring[partition]?.notices[place] = nil
        }
        dead = dead.filter { $0.value.notice.id != id }
        for (lane, line) in lines {
            guard let place = line.items.firstIndex(where: { $0.notice.id == id }), place > 0 || !line.isBusy else {
                continue
            }
            lines[lane]?.items.remove(at: place)
            if lines[lane]?.items.isEmpty == true { lines[lane] = nil }
        }
    }

    /// Puts an item in the place of an earlier one of the same notice.
    ///
    /// Returns whether there was one.
    private mutating func replace(_ item: Item) -> Bool {
        guard let line = lines[item.lane], let place = line.items.firstIndex(where: { $0.notice.id == item.notice.id })
        else { return false }
        guard place > 0 || !line.isBusy else { return true }
        lines[item.lane]?.items[place].notice = item.notice
        lines[item.lane]?.items[place].published = item.published
        lines[item.lane]?.items[place].offset = item.offset
        lines[item.lane]?.items[place].read = item.read
        return true
    }

    /// Takes a state from the topic of deliveries.
    package mutating func take(_ delivery: Accountability_V1_Delivery, partition: Int32) {
        let key = DeliveryKey(channel: delivery.channel, notice: delivery.notice).text
        guard released.contains(partition) else {
            let earlier = restoring[partition]?.states[key]?.state
            guard DeliveryState.counts(delivery.state, after: earlier) else { return }
            restoring[partition, default: Restoring()].states[key] = delivery
            return
        }
        // This run already knows its own records. Only an operator's request is new.
        guard delivery.state == DeliveryState.requeued.rawValue, var item = dead.removeValue(forKey: key) else {
            return
        }
        item.attempts = 0
        item.notBefore = 0
        enqueue(item)
    }

    /// Whether a partition's items may be delivered.
    package func isReleased(_ partition: Int32) -> Bool { released.contains(partition) }

    /// The offset of the first notice of a partition that is neither delivered nor dead; nil if there is none.
    package func firstPending(partition: Int32) -> Int64? {
        lines.values.lazy.flatMap(\.items).filter { $0.partition == partition }.map(\.offset).min()
    }

    /// Both topics of a partition were read to their end, so its items may be delivered.
    ///
    /// - `settledBefore`: notices before this offset that have no state were settled too; their states are lost.
    package mutating func release(partition: Int32, now: Int64, settledBefore: Int64 = 0) {
        released.insert(partition)
        guard let read = restoring.removeValue(forKey: partition) else { return }
        for taken in read.notices.compactMap(\.self) {
            for channel in channels {
                var item = item(taken, partition, channel)
                let state = read.states[item.key]
                switch state.flatMap({ DeliveryState(rawValue: $0.state) }) {
                case .delivered:
                    delivered[item.key] = partition
                    continue
                case .dead:
                    dead[item.key] = item
                    continue
                case .waiting:
                    item.attempts = state?.attempts ?? 0
                    // A clock that was set back must not hold a delivery longer than any pause.
                    item.notBefore = min(state?.nextUnixMilliseconds ?? 0, now + schedule.longest)
                case nil where taken.offset < settledBefore:
                    delivered[item.key] = partition
                    continue
                case .requeued, nil: break
                }
                enqueue(item)
            }
        }
    }

    /// Drops items of other partitions.
    package mutating func keep(partitions: Set<Int32>) {
        released.formIntersection(partitions)
        restoring = restoring.filter { partitions.contains($0.key) }
        dead = dead.filter { partitions.contains($0.value.partition) }
        delivered = delivered.filter { partitions.contains($0.value) }
        former = former.filter { partitions.contains($0.value.partition) }
        lines = lines.filter { $0.value.items.first.map { partitions.contains($0.partition) } ?? false }
    }

    private mutating func item(_ taken: Taken, _ partition: Int32, _ channel: DeliveryChannel) -> Item {
        order += 1
        return Item(
            channel: channel,
            notice: taken.notice,
            published: taken.published,
            offset: taken.offset,
            read: taken.read,
            partition: partition,
            order: order
        )
    }

    private mutating func enqueue(_ item: Item) {
        lines[item.lane, default: Line()].items.append(item)
    }

    // MARK: - What is done

    /// Takes the items of a channel whose time has come, the oldest first; each is under way until
    /// ``finish(_:_:now:)``.
    ///
    /// - `isConfirmed`: whether the stage has published the notice; an item waits until it is true.
    package mutating func due(
        _ channel: DeliveryChannel,
        limit: Int,
        now: Int64,
        isConfirmed: (Item) -> Bool = { _ in true }
    ) -> [Item] {
        guard limit > 0, (holds[channel] ?? 0) <= now else { return [] }
        let heads = lines.compactMap { lane, line -> Item? in
            guard lane.channel == channel, !line.isBusy, let head = line.items.first, head.notBefore <= now,
                isConfirmed(head)
            else { return nil }
            return head
        }
        let taken = heads.sorted { $0.order < $1.order }.prefix(limit)
        for item in taken { lines[item.lane]?.isBusy = true }
        return Array(taken)
    }

    /// Takes note of how an attempt ended.
    ///
    /// Returns the state to publish; nil for an item that now belongs to another instance.
    package mutating func finish(_ item: Item, _ outcome: DeliveryOutcome, now: Int64) -> Accountability_V1_Delivery? {
        guard let head = lines[item.lane]?.items.first, head.order == item.order else { return nil }
        lines[item.lane]?.isBusy = false
        var delivery = Accountability_V1_Delivery()
        delivery.channel = item.channel.rawValue
        delivery.notice = item.notice.id
        delivery.attempts = head.attempts + 1
        delivery.updatedUnixMilliseconds = now
        switch outcome {
        case .delivered:
            delivery.state = DeliveryState.delivered.rawValue
            delivered[item.key] = item.partition
        case .refused(let error):
            delivery.state = DeliveryState.dead.rawValue
            delivery.error = error
        case .failed(let error, let asked):
            delivery.error = error
            if let asked { holds[item.channel] = now + min(max(asked, 0), schedule.longest) }
            guard let pause = schedule.pause(after: delivery.attempts, asked: asked, using: &random) else {
                delivery.state = DeliveryState.dead.rawValue
                break
            }
            delivery.state = DeliveryState.waiting.rawValue
            delivery.nextUnixMilliseconds = now + pause
            lines[item.lane]?.items[0].attempts = delivery.attempts
            lines[item.lane]?.items[0].notBefore = now + pause
            return delivery
        }
        lines[item.lane]?.items.removeFirst()
        if lines[item.lane]?.items.isEmpty == true { lines[item.lane] = nil }
        if delivery.state == DeliveryState.dead.rawValue { dead[item.key] = head }
        return delivery
    }
}
