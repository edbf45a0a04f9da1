internal import Foundation
internal import NIOCore
internal import NIOPosix
package import Operating

/// The local broker: the PyPI package noida-db in a private virtual environment.
///
/// For development, tests and one machine.
package struct LocalBroker {
    /// The program itself, not its launcher, so that stopping it stops it.
    let program: String
    let port: Int

    /// Finds the program: `$ACCOUNTABILITY_BROKER_BIN`, or where `Deploy/install-broker` puts it.
    package init(home: Home, port wanted: Int?) throws {
        let environment = ProcessInfo.processInfo.environment
        let launcher =
            environment["ACCOUNTABILITY_BROKER_BIN"]
            ?? home.directory.appendingPathComponent("broker-venv/bin/noida-db").path
        guard let program = Self.program(besides: launcher) else {
            throw Failure(
                .configuration,
                "the local broker is not installed (\(launcher)): Deploy/install-broker installs it, or name a cluster with --brokers"
            )
        }
        self.program = program
        if let wanted, wanted != 0, !Self.isFree(wanted) {
            throw Failure(.configuration, "port \(wanted) is taken: choose another with --broker-port")
        }
        guard
            let port = wanted.flatMap({ $0 == 0 ? nil : $0 })
                ?? (wanted == nil && Self.isFree(9092) ? 9092 : Self.freePort())
        else {
            throw Failure(.configuration, "no port on 127.0.0.1 is free")
        }
        self.port = port
    }

    package var address: String { "127.0.0.1:\(port)" }

    package func plan(_ home: Home) -> Plan.Program {
        Plan.Program(
            name: Processes.broker,
            executable: program,
            arguments: ["start", "--only", "kafka", "--kafka-port", "\(port)", "--data-dir", home.broker.path]
        )
    }

    /// Lets the workers go before the broker's saving in the background.
    ///
    /// The broker writes all its data again and again, without a pause, in a thread of its own. In a statewide run this
    /// was three quarters of its processor time. At a low priority it writes less often while the processors are busy,
    /// and as often as before when they are not. Stopping it writes the data in another thread.
    ///
    /// - Parameter process: the broker's number.
    /// - Returns: whether its thread was found, which starts soon after the broker.
    static func calmSaving(of process: Int32) -> Bool {
        let threads = URL(fileURLWithPath: "/proc/\(process)/task")
        for name in (try? FileManager.default.contentsOfDirectory(atPath: threads.path)) ?? [] {
            let file = threads.appendingPathComponent("\(name)/comm").path
            guard let thread = id_t(name), let content = FileManager.default.contents(atPath: file),
                content == Data("\(savingThread)\n".utf8)
            else { continue }
            return setpriority(__priority_which_t(PRIO_PROCESS.rawValue), thread, lowPriority) == 0
        }
        return false
    }

    /// The name of the thread.
    private static let savingThread = "autosave"
    /// The lowest priority: a thread gets about a hundredth of what another one gets.
    private static let lowPriority: Int32 = 19

    /// The binary of the package, which the launcher of the virtual environment starts.
    private static func program(besides launcher: String) -> String? {
        let files = FileManager.default
        guard files.fileExists(atPath: launcher) else { return nil }
        let environment = URL(fileURLWithPath: launcher).deletingLastPathComponent().deletingLastPathComponent()
        let library = environment.appendingPathComponent("lib")
        for python in (try? files.contentsOfDirectory(atPath: library.path)) ?? [] {
            let binary = library.appendingPathComponent("\(python)/site-packages/noida_db/noida-db").path
            guard files.fileExists(atPath: binary) else { continue }
            if !files.isExecutableFile(atPath: binary) {
                try? files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: binary)
            }
            return binary
        }
        return files.isExecutableFile(atPath: launcher) ? launcher : nil
    }

    /// Whether nobody listens on a port of 127.0.0.1.
    package static func isFree(_ port: Int) -> Bool { bound(port) != nil }

    /// A port of 127.0.0.1 on which nobody listens.
    package static func freePort() -> Int? { bound(0) }

    /// Binds a port for a moment; nil if it is taken.
    private static func bound(_ port: Int) -> Int? {
        let server = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
        guard let channel = try? server.bind(host: "127.0.0.1", port: port).wait()
        else { return nil }
        defer { try? channel.close().wait() }
        return channel.localAddress?.port
    }
}
