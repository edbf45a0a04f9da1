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

    /// Whether this state counts after another one of the same delivery.
    ///
    /// What arrived stays so, whatever an instance says that was frozen and replaced.
    package static func counts(_ later: String, after earlier: String?) -> Bool {
        earlier != Self.delivered.rawValue || later == Self.delivered.rawValue
    }
}
