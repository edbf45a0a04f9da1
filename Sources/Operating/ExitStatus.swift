public import ArgumentParser
import Foundation
import Kafka
public import Stages
import Streaming
import Tables

/// The exit statuses of the programs for failures: interfaces.md, "Running".
public enum ExitStatus: Int32, Sendable {
    /// The command line is wrong.
    case usage = 64
    /// Input could not be read, or rows of it were rejected.
    case badInput = 65
    /// No broker answers.
    case brokerUnavailable = 69
    /// A defect of the program.
    case internalError = 70
    /// Fenced, lost or timed out: trying again may succeed.
    case tryAgain = 75
    /// A topic, a file, a property or a key is wrong.
    case configuration = 78

    /// The status for ArgumentParser.
    public var exitCode: ExitCode { ExitCode(rawValue) }
}

/// The failure of a command: what, where, why and what to do, with the exit code.
public struct Failure: Error, Sendable, CustomStringConvertible {
    /// The exit code.
    public let status: ExitStatus
    /// The problem and the remedy.
    public let message: String

    /// A failure.
    public init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The message.
    public var description: String { message }

    /// Creates a failure from any error of the project.
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - principal: the program's entry in the access list, to say which rights it needs if the brokers refuse one.
    public init(_ error: any Error, of principal: AccessList.Principal? = nil) {
        if let remedy = AccessRemedy.text(for: error, principal) {
            self.init(.configuration, "\(error). \(remedy)")
            return
        }
        switch error {
        case let failure as Failure:
            self = failure
        case let error as RuntimeError:
            self.init(ExitStatus(rawValue: error.code.exitCode) ?? .internalError, error.description)
        case let error as KafkaError:
            self.init(Self.status(of: error), Self.text(of: error))
        case let error as TransactionAborted:
            self.init(.tryAgain, "\(error); try again")
        case let error as InboxError:
            self.init(error.isDiskFull ? .tryAgain : .configuration, error.description)
        case let error as CSVError where error.code == .inputOutput:
            self.init(.tryAgain, "\(error.message); is the disk full, or has the reader of the output ended?")
        case let error as CSVError:
            self.init(.badInput, "\(error)")
        case is CocoaError, is POSIXError:
            self.init(FileErrorText.isFull(error) ? .tryAgain : .configuration, FileErrorText.words(error))
        case let error as any LocalizedError where error.errorDescription != nil:
            self.init(.internalError, error.errorDescription ?? "")
        default:
            self.init(.internalError, "\(error)")
        }
    }

    private static func status(of error: KafkaError) -> ExitStatus {
        switch error.code {
        case .timedOut, .requestTimedOut, .transport, .allBrokersDown: .brokerUnavailable
        case .fenced, .producerFenced, .fencedInstanceID: .tryAgain
        case .invalidConfiguration, .authentication, .ssl, .unknownTopic, .unknownTopicOrPartition:
            .configuration
        // A call that the cluster does not permit would fail again.
        case .invalidTransactionTimeout, .invalidSessionTimeout: .configuration
        default: error.isRetriable ? .tryAgain : .internalError
        }
    }

    private static func text(of error: KafkaError) -> String {
        switch error.code {
        case .timedOut, .requestTimedOut, .transport, .allBrokersDown:
            "no broker answers (\(error)). `accountability up` starts one on this machine; --brokers names another"
        case .unknownTopic, .unknownTopicOrPartition:
            "\(error); `accountability topics --create` creates missing topics"
        default: "\(error)"
        }
    }
}

/// A command whose errors become the exit codes of interfaces.md.
public protocol OperatorCommand: ParsableCommand {
    /// Does the work.
    func operate() throws
}

extension OperatorCommand {
    /// Does the work; prints what went wrong on standard error and ends with its exit code.
    public func run() throws {
        do {
            try operate()
        } catch {
            throw Self.ending(error)
        }
    }
}

/// The same for an asynchronous command.
public protocol AsyncOperatorCommand: AsyncParsableCommand {
    /// Does the work.
    func operate() async throws
}

extension AsyncOperatorCommand {
    /// Does the work; prints what went wrong on standard error and ends with its exit code.
    public func run() async throws {
        do {
            try await operate()
        } catch {
            throw Self.ending(error)
        }
    }
}

extension ParsableCommand {
    /// Converts an error for ArgumentParser.
    ///
    /// Its own errors stay unchanged. Any other error is printed on standard error and becomes an exit code.
    fileprivate static func ending(_ error: any Error) -> any Error {
        if error is ExitCode || error is ValidationError || error is CleanExit { return error }
        let failure = Failure(error)
        Standard.error("\(configuration.commandName ?? _commandName): \(failure.message)")
        return failure.status.exitCode
    }
}

/// Lines on the standard streams.
public enum Standard {
    /// A line on standard error.
    ///
    /// Control characters from files are escaped, so they cannot control the terminal.
    public static func error(_ line: String) {
        errorText("\(PlainText.escaped(line, keepingLines: true))\n")
    }

    /// Unchanged text on standard error.
    ///
    /// Write errors are ignored: there is no one left to report them to.
    public static func errorText(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// A line on standard output.
    public static func line(_ text: String) {
        output("\(text)\n")
    }

    /// Text on standard output.
    ///
    /// If writing fails, the process ends, because partial output is useless.
    public static func output(_ text: String) {
        do {
            // Escape control characters from files, so they cannot control the terminal; the escapes are those of JSON.
            try FileHandle.standardOutput.write(contentsOf: Data(PlainText.escaped(text, keepingLines: true).utf8))
        } catch {
            Self.error(
                "the output cannot be written. Check that the disk is not full and that its reader still runs (\(FileErrorText.words(error)))"
            )
            exit(ExitStatus.tryAgain.rawValue)
        }
    }

    /// Writes a control sequence to the terminal on standard output.
    ///
    /// Pass only fixed sequences, never text from a file.
    public static func steer(_ sequence: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(sequence.utf8))
    }

    /// Whether standard error is a terminal, on which progress may overwrite its line.
    public static var errorIsTerminal: Bool { isatty(2) == 1 }
}
