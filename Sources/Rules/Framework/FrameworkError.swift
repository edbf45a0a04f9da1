/// Why a framework could not be loaded or does not serve.
public struct FrameworkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure this is; the list can grow.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The document is not YAML of the expected shape.
        public static let malformed = Code(description: "malformed")
        /// A parameter lacks its value, status or source.
        public static let incompleteParameter = Code(description: "incomplete parameter")
        /// A parameter that the rules need is absent.
        public static let missingParameter = Code(description: "missing parameter")
        /// A parameter that no rule knows.
        public static let unknownParameter = Code(description: "unknown parameter")
        /// A value that the parameter cannot take.
        public static let invalidValue = Code(description: "invalid value")
        /// No framework covers the school year.
        public static let noFramework = Code(description: "no framework")
        /// The framework of the year does not hold this measure.
        public static let measureAbsent = Code(description: "measure absent")
    }

    /// The kind of failure.
    public let code: Code
    /// The document, such as `2019.yaml`; empty where none is concerned.
    public let file: String
    /// The line of the document, from 1; nil where it is not known, or none is concerned.
    public let line: Int?
    /// The parameter, such as `participation.standard`; empty where none is concerned.
    public let parameter: String
    /// What is wrong and what to do.
    public let message: String

    /// A failure.
    public init(_ code: Code, file: String = "", line: Int? = nil, parameter: String = "", message: String) {
        self.code = code
        self.file = file
        self.line = line
        self.parameter = parameter
        self.message = message
    }

    /// File, line, parameter and message in one line.
    public var description: String {
        let place = line.map { "\(file.isEmpty ? "" : file + " ")line \($0)" } ?? file
        return [place, parameter, message].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
