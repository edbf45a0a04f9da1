import Foundation
public import Logging

/// Logs to standard error, one line each.
public enum ProcessLog {
    /// Sets logging up; once a process.
    ///
    /// - Parameter level: the lowest level that is written; `$ACCOUNTABILITY_LOG_LEVEL` wins.
    public static func bootstrap(level: Logger.Level) {
        let chosen =
            ProcessInfo.processInfo.environment["ACCOUNTABILITY_LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:))
            ?? level
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = chosen
            return handler
        }
    }
}
