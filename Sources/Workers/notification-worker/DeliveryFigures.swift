import Stages
import Synchronization

/// The metrics of deliveries, for Prometheus.
final class DeliveryFigures: Sendable {
    struct Figures: Sendable {
        var delivered: [DeliveryChannel: Int] = [:]
        var failed: [DeliveryChannel: Int] = [:]
        var died: [DeliveryChannel: Int] = [:]
        var pending: [DeliveryChannel: Int] = [:]
        var dead: [DeliveryChannel: Int] = [:]
    }

    private let figures = Mutex(Figures())
    private let instance: String

    init(instance: String) {
        self.instance = instance
    }

    func update(_ change: (inout sending Figures) -> Void) {
        figures.withLock { change(&$0) }
    }

    /// The metrics in Prometheus' text format.
    func prometheus() -> String {
        let now = figures.withLock { $0 }
        var text = ""
        func add(_ name: String, _ kind: String, _ help: String, _ values: [DeliveryChannel: Int]) {
            text += "# HELP accountability_\(name) \(help)\n# TYPE accountability_\(name) \(kind)\n"
            for channel in DeliveryChannel.allCases {
                let labels = "stage=\"notification\",instance=\"\(instance)\",channel=\"\(channel.rawValue)\""
                text += "accountability_\(name){\(labels)} \(values[channel] ?? 0)\n"
            }
        }
        add("deliveries_delivered_total", "counter", "Notices that were delivered.", now.delivered)
        add("deliveries_retried_total", "counter", "Failed attempts that will be retried.", now.failed)
        add("deliveries_dead_total", "counter", "Deliveries that were given up.", now.died)
        add("deliveries_pending", "gauge", "Deliveries in progress or waiting.", now.pending)
        add("deliveries_dead", "gauge", "Dead deliveries that wait for an operator.", now.dead)
        return text
    }
}
