import Foundation
public import Logging

/// The file in which a program notes the address on which it listens.
public struct AddressFile: Sendable {
    private let path: String
    private let logger: Logger
    /// How often it is looked at.
    private static let interval: Duration = .seconds(2)

    /// The file at a path.
    public init(_ path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// Writes the address, and again whenever the file is gone or the disk was full, until the task is cancelled.
    public func keep(_ address: String) async {
        let text = Data("\(address)\n".utf8)
        var isFailing = false
        while !Task.isCancelled {
            if FileManager.default.contents(atPath: path) != text {
                do {
                    try text.write(to: URL(fileURLWithPath: path), options: .atomic)
                    isFailing = false
                } catch {
                    if !isFailing { logger.error("cannot write the address to \(path); trying again: \(error)") }
                    isFailing = true
                }
            }
            // Cancellation ends the wait, and then the loop.
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    /// Keeps the address of a server in the file while the server runs.
    ///
    /// - Parameters:
    ///   - path: the file; nil for none.
    ///   - logger: logs that the file cannot be written.
    ///   - serve: runs the server, and calls its argument with the address when it listens.
    /// - Throws: the error of the server.
    public static func keep(
        _ path: String?,
        logger: Logger,
        while serve: @escaping @Sendable (_ listens: @escaping @Sendable (String) -> Void) async throws -> Void
    ) async throws {
        let (addresses, found) = AsyncStream<String>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await serve { found.yield($0) }
            }
            if let path {
                group.addTask {
                    for await address in addresses { await AddressFile(path, logger: logger).keep(address) }
                }
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }
}
