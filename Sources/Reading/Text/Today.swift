internal import Foundation

/// The machine's day.
package enum Today {
    /// ISO 8601, by universal time.
    package static var text: String { String(Date().ISO8601Format().prefix(10)) }
}
