internal import Foundation

/// A file of the products.
package struct ProductFile: Sendable {
    /// Its place below the folder.
    package let name: String
    private let body: @Sendable (_ path: String) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (_ path: String) throws -> Void) {
        self.name = name
        self.body = body
    }

    init(_ name: String, text: @escaping @Sendable () throws -> String) {
        self.init(name) { path in try Data(try text().utf8).write(to: URL(fileURLWithPath: path)) }
    }

    /// The same file in a folder below.
    func moved(below folder: String) -> ProductFile { ProductFile("\(folder)/\(name)", body) }

    /// Writes it.
    package func write(to path: String) throws { try body(path) }
}
