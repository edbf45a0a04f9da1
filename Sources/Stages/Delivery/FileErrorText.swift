import Foundation

/// Errors of files in plain words.
///
/// Foundation on Linux describes most of its errors by a domain and a number.
public enum FileErrorText {
    /// The error in words, with its file if it names one.
    public static func words(_ error: any Error) -> String {
        switch error {
        case let error as CocoaError:
            let path = error.filePath ?? error.url?.path ?? ""
            let what = error.underlying.flatMap { $0 as? POSIXError }.map { words($0.code) } ?? words(error.code)
            return path.isEmpty ? what : "\(path): \(what)"
        case let error as POSIXError: return words(error.code)
        case is DecodingError: return "the content is not of the form that it must have"
        case let error as any LocalizedError where error.errorDescription != nil: return error.errorDescription ?? ""
        default: return "\(error)"
        }
    }

    /// Whether the disk, or the share of it that the process may use, is full.
    public static func isFull(_ error: any Error) -> Bool {
        switch error {
        case let error as CocoaError:
            error.code == .fileWriteOutOfSpace || error.underlying.map(isFull) ?? false
        case let error as POSIXError: [.ENOSPC, .EDQUOT].contains(error.code)
        default: false
        }
    }

    private static func words(_ code: CocoaError.Code) -> String {
        switch code {
        case .fileNoSuchFile, .fileReadNoSuchFile: "there is no such file or folder"
        case .fileReadNoPermission: "this user may not read it"
        case .fileWriteNoPermission: "this user may not write it"
        case .fileReadInvalidFileName, .fileWriteInvalidFileName: "it is not a name that a file can have"
        case .fileReadCorruptFile: "it is damaged"
        case .fileReadTooLarge: "it is too large"
        case .fileReadInapplicableStringEncoding, .fileReadUnknownStringEncoding: "it is not UTF-8"
        case .fileWriteFileExists: "there is such a file already"
        case .fileWriteOutOfSpace: "the disk is full"
        case .fileWriteVolumeReadOnly: "the disk is read-only"
        case .fileReadUnknown: "it cannot be read"
        default: "it cannot be written"
        }
    }

    private static func words(_ code: POSIXErrorCode) -> String {
        switch code {
        case .ENOENT: "there is no such file or folder"
        case .EACCES, .EPERM: "this user may not do that"
        case .ENOSPC, .EDQUOT: "the disk is full"
        case .EROFS: "the disk is read-only"
        case .EISDIR: "it is a folder"
        case .ENOTDIR: "a part of its path is not a folder"
        case .ENAMETOOLONG: "its name is too long"
        case .EEXIST: "there is such a file already"
        case .EMFILE, .ENFILE: "too many files are open"
        case .EPIPE: "its reader is gone"
        case .EIO: "the disk does not work"
        default: "the system refused it (error \(code.rawValue))"
        }
    }
}
