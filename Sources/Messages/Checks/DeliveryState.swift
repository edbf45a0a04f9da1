/// The state of a delivery on the topic of deliveries.
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
