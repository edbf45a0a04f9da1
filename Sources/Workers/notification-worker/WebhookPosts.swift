import CoreMetrics
import Stages
import Synchronization

/// Posts to the endpoint that are under way.
final class WebhookPosts {
    /// Posts under way at once.
    private static let most = 8

    /// What posts that ended came to.
    private final class Answers: Sendable {
        let all = Mutex<[(DeliveryQueue.Item, DeliveryOutcome)]>([])
    }

    private let client: WebhookClient
    /// How long the endpoint takes to answer, or not to.
    private let time: CoreMetrics.Timer
    private let answers = Answers()
    /// By the order of their items.
    private var tasks: [Int: Task<Void, Never>] = [:]

    init(_ client: WebhookClient, instance: String) {
        self.client = client
        time = CoreMetrics.Timer(
            label: "accountability_webhook_duration_seconds",
            dimensions: [("stage", "notification"), ("instance", instance)]
        )
    }

    /// Whether none is under way.
    var isIdle: Bool { tasks.isEmpty }

    /// How many more may begin.
    var free: Int { Self.most - tasks.count }

    /// Begins a post.
    func start(_ item: DeliveryQueue.Item) {
        tasks[item.order] = Task { [client, time, answers] in
            let start = ContinuousClock.now
            let outcome = await client.post(item.notice, published: item.published)
            time.recordSeconds((ContinuousClock.now - start) / .seconds(1))
            answers.all.withLock { $0.append((item, outcome)) }
        }
    }

    /// The posts that came to their end since this was asked last.
    func takeAnswers() -> [(DeliveryQueue.Item, DeliveryOutcome)] {
        let taken = answers.all.withLock { all in
            defer { all = [] }
            return all
        }
        for (item, _) in taken { tasks[item.order] = nil }
        return taken
    }

    /// Gives up what is under way; each still comes to its end.
    func cancel() {
        for task in tasks.values { task.cancel() }
    }
}
