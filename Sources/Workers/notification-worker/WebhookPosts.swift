import CoreMetrics
import Stages
import Synchronization

/// The running posts to the endpoint.
final class WebhookPosts {
    /// The most posts that may run at once.
    private static let most = 8

    /// The outcomes of finished posts.
    private final class Answers: Sendable {
        let all = Mutex<[(DeliveryQueue.Item, DeliveryOutcome)]>([])
    }

    private let client: WebhookClient
    /// The duration of a post, whether or not the endpoint answered.
    private let time: CoreMetrics.Timer
    private let answers = Answers()
    /// By the order number of their items.
    private var tasks: [Int: Task<Void, Never>] = [:]

    init(_ client: WebhookClient, instance: String) {
        self.client = client
        time = CoreMetrics.Timer(
            label: "accountability_webhook_duration_seconds",
            dimensions: [("stage", "notification"), ("instance", instance)]
        )
    }

    /// Whether no post is running.
    var isIdle: Bool { tasks.isEmpty }

    /// How many more posts may start.
    var free: Int { Self.most - tasks.count }

    /// Starts a post.
    func start(_ item: DeliveryQueue.Item) {
        tasks[item.order] = Task { [client, time, answers] in
            let start = ContinuousClock.now
            let outcome = await client.post(item.notice, published: item.published)
            time.recordSeconds((ContinuousClock.now - start) / .seconds(1))
            answers.all.withLock { $0.append((item, outcome)) }
        }
    }

    /// Returns the posts that finished since the last call.
    func takeAnswers() -> [(DeliveryQueue.Item, DeliveryOutcome)] {
        let taken = answers.all.withLock { all in
            defer { all = [] }
            return all
        }
        for (item, _) in taken { tasks[item.order] = nil }
        return taken
    }

    /// Cancels the running posts.
    ///
    /// Each still reports an outcome.
    func cancel() {
        for task in tasks.values { task.cancel() }
    }
}
