public import Foundation
import Stages

/// The folder of an installation on this machine: `$ACCOUNTABILITY_HOME`, otherwise `~/.accountability`.
public struct Home: Sendable, Hashable {
    /// The folder.
    public let directory: URL

    /// The folder that the environment names.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        if let path = environment["ACCOUNTABILITY_HOME"], !path.isEmpty {
            directory = URL(fileURLWithPath: path, isDirectory: true)
        } else {
            directory = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(
                ".accountability",
                isDirectory: true
            )
        }
    }

    /// The installation that `up` started, with its brokers.
    public var installationFile: URL { directory.appendingPathComponent("installation.json") }
    /// Properties of the Kafka client, including secrets; only its owner may read it.
    public var clientProperties: URL { directory.appendingPathComponent("client.properties") }
    /// The secret of the pseudonyms; only its owner may read it.
    public var pseudonymKey: URL { directory.appendingPathComponent("pseudonym.key") }
    /// The identity of this home's installation, for the lifetime of the home.
    public var identityFile: URL { directory.appendingPathComponent("identity") }
    /// The watched folder.
    public var inbox: URL { directory.appendingPathComponent("inbox", isDirectory: true) }
    /// Notices as files.
    public var spool: URL { directory.appendingPathComponent("spool", isDirectory: true) }
    /// Logs of the processes that `up` started.
    public var logs: URL { directory.appendingPathComponent("logs", isDirectory: true) }
    /// Their process identifiers.
    public var run: URL { directory.appendingPathComponent("run", isDirectory: true) }
    /// The file through which the clients of the local broker tell each other that there are new records.
    public var bell: URL { run.appendingPathComponent("bell") }
    /// Data of the local broker.
    public var broker: URL { directory.appendingPathComponent("broker", isDirectory: true) }

    /// The last results of audits.
    public var auditRecords: URL { directory.appendingPathComponent("audits.json") }

    /// The identity of this home; nil if it has none yet.
    public var identity: String? {
        let text = FileManager.default.contents(atPath: identityFile.path).map { String(decoding: $0, as: UTF8.self) }
        return text?.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// Saves the identity.
    public func save(identity: String) throws {
        do {
            try Data("\(identity)\n".utf8).write(to: identityFile, options: .atomic)
        } catch {
            throw Failure(
                FileErrorText.isFull(error) ? .tryAgain : .configuration,
                "\(identityFile.path) cannot be written: \(FileErrorText.words(error))"
            )
        }
    }

    /// Creates the folders, which only their owner may enter.
    public func create() throws {
        for folder in [directory, inbox, spool, logs, run] {
            do {
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            } catch {
                throw Failure(
                    FileErrorText.isFull(error) ? .tryAgain : .configuration,
                    "the folder \(folder.path) cannot be created: \(FileErrorText.words(error))"
                )
            }
        }
    }
}

/// The installation that `accountability up` saved, so that later commands know it.
public struct Installation: Sendable, Hashable, Codable {
    /// Where the brokers are.
    public var brokers: String
    /// The prefix of the topics and groups.
    public var namespace: String
    /// Whether the broker is the local one, with its limits.
    public var isLocalBroker: Bool
    /// Whether `up` started the broker, and `down` stops it.
    public var ownsBroker: Bool
    /// Instances of each stage.
    public var instances: Int
    /// Identifies this installation.
    ///
    /// The installation also writes it to the ledger.
    ///
    /// Nil in homes from earlier versions.
    public var identity: String?

    /// An installation.
    public init(
        brokers: String,
        namespace: String,
        isLocalBroker: Bool,
        ownsBroker: Bool,
        instances: Int,
        identity: String? = nil
    ) {
        self.identity = identity
        self.brokers = brokers
        self.namespace = namespace
        self.isLocalBroker = isLocalBroker
        self.ownsBroker = ownsBroker
        self.instances = instances
    }

    /// Loads the installation of a home; nil if `up` never ran there.
    public static func load(from home: Home) throws -> Installation? {
        guard let data = FileManager.default.contents(atPath: home.installationFile.path) else { return nil }
        do {
            return try JSONDecoder().decode(Installation.self, from: data)
        } catch {
            throw Failure(
                .configuration,
                "\(home.installationFile.path) is not a file that `accountability up` wrote. Remove it, or use --brokers"
            )
        }
    }

    /// Saves it.
    public func save(to home: Home) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: home.installationFile, options: .atomic)
    }
}
