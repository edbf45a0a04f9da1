internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Supervision

/// The console beside the workers: `up --console`.
struct ConsoleOptions: ParsableArguments {
    @Flag(name: .customLong("console"), help: "Show the installation in a web browser too; its address is printed.")
    var isWanted = false

    @Option(
        name: .customLong("console-listen"),
        help: ArgumentHelp(
            "The address of the console, with --console; default: \(LoopbackAddress.usual), or another port if that one is taken.",
            valueName: "host:port"
        )
    )
    var listen: String?

    @Option(
        name: .customLong("console-address"),
        help: ArgumentHelp(
            "The console's address in people's browsers, if a proxy on this machine encrypts: https://HOST or https://HOST:PORT. The proxy must pass on the header Host.",
            valueName: "https-address"
        )
    )
    var address: String?

    @Option(
        name: .customLong("console-map"),
        help: ArgumentHelp(
            "A GeoJSON file with the places or areas of organizations, for the console's pages of the state. The property org_code has the code.",
            valueName: "file"
        )
    )
    var map: String?

    @Option(
        name: .customLong("console-single-sign-on"),
        help: ArgumentHelp(
            "A file with the settings of single sign-on (OpenID Connect), for accounts without a password: `console-worker --help` describes it.",
            valueName: "file"
        )
    )
    var singleSignOn: String?

    func validate() throws {
        guard singleSignOn == nil || isWanted else { throw ValidationError("--console-single-sign-on needs --console") }
        guard map == nil || isWanted else { throw ValidationError("--console-map needs --console") }
        guard address == nil || isWanted else { throw ValidationError("--console-address needs --console") }
        guard address.map({ PublicAddress($0) != nil }) ?? true else {
            throw ValidationError(
                "--console-address takes an https address without a path, such as https://accountability.example.org"
            )
        }
        guard let listen else { return }
        guard isWanted else { throw ValidationError("--console-listen needs --console") }
        do {
            guard try LoopbackAddress(listen) != nil else {
                throw ValidationError("--console-listen takes host:port, such as \(LoopbackAddress.usual)")
            }
        } catch let refusal as LoopbackAddress.Refusal {
            throw ValidationError("--console-listen: \(refusal)")
        }
    }

    /// The name of its files.
    static let name = WorkerNames.instance("console", 1)

    /// The program that the supervisor starts; nil without a console.
    func plan(_ processes: Processes) throws -> Plan.Program? {
        guard isWanted else { return nil }
        let executable = try Programs.folder().appendingPathComponent("console-worker").path
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw Failure(
                .configuration,
                "\(executable) is not there: Deploy/build builds all programs into one folder"
            )
        }
        return Plan.Program(
            name: Self.name,
            executable: executable,
            arguments: [
                "--listen", try Self.settled(listen), "--address-file",
                processes.addressFile(Self.name).path,
            ] + (address.map { ["--address", $0] } ?? [])
                + (try map.map { ["--map", try Self.readable($0, "--console-map")] } ?? [])
                + (try singleSignOn.map { ["--single-sign-on", try Self.readable($0, "--console-single-sign-on")] }
                    ?? [])
        )
    }

    /// The full path of a file, because the supervisor works in another folder.
    private static func readable(_ path: String, _ option: String) throws -> String {
        let place = URL(fileURLWithPath: path).standardizedFileURL.path
        guard FileManager.default.isReadableFile(atPath: place) else {
            throw Failure(.badInput, "\(option) \(path) cannot be read")
        }
        return place
    }

    /// The address, with a port that does not change: after a restart, the browser finds it there again.
    static func settled(_ listen: String?) throws -> String {
        guard let address = try LoopbackAddress(listen ?? LoopbackAddress.usual) else {
            throw Failure(.usage, "--console-listen takes host:port, such as \(LoopbackAddress.usual)")
        }
        let isTaken = listen == nil && !LocalBroker.isFree(address.port)
        let chosen = address.port == 0 || isTaken ? LocalBroker.freePort() : nil
        return address.text(port: chosen ?? address.port)
    }
}
