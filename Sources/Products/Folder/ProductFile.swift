internal import Foundation

/// A file of the products.
package struct ProductFile: Sendable {
    /// Its place below the folder.
    package let name: String
    /// Its content; empty for a page that other pages link to.
    let about: String
    private let body: @Sendable (_ path: String) throws -> Void

    init(_ name: String, about: String = "", _ body: @escaping @Sendable (_ path: String) throws -> Void) {
        self.name = name
        self.about = about
        self.body = body
    }

    /// A file whose bytes are made when it is written.
    package init(_ name: String, bytes: @escaping @Sendable () throws -> [UInt8]) {
        self.init(name) { path in try Data(try bytes()).write(to: URL(fileURLWithPath: path)) }
    }

    init(_ name: String, about: String = "", text: @escaping @Sendable () throws -> String) {
        self.init(name, about: about) { path in try Data(try text().utf8).write(to: URL(fileURLWithPath: path)) }
    }

    /// The same file in a folder below.
    func moved(below folder: String) -> ProductFile { ProductFile("\(folder)/\(name)", about: about, body) }

    /// Writes it.
    package func write(to path: String) throws { try body(path) }
}
