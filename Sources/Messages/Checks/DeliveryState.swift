/// What became of a delivery, as the topic of deliveries has it.
package enum DeliveryState: String, Sendable, Hashable {
    /// It arrived.
    case delivered
    /// An attempt failed; another follows.
    case waiting
    /// It failed for good, until an operator has it tried again.
    case dead
    /// An operator has it tried again.
    case requeued
}
