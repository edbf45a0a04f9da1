internal import Operating

/// An address that does something, or asks the installation's own program: forms, and what they send.
struct DeskRoute: Sendable {
    /// What is asked of it.
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// What an answer is made from.
    struct Call: Sendable {
        let desk: Desk
        let request: ConsoleRequest
        let frame: PageFrame
        /// What the visitor may see of the tables.
        let tables: ConsoleTables
        let query: [String: String]
        let arguments: [String: String]
        /// The fields of the form; empty where nothing was sent.
        let form: FormData?

        /// Who acts.
        func account(_ needed: Role) throws(Problem) -> Account { try frame.visitor.checkActing(needed) }
    }

    /// What is answered.
    enum Reply {
        case page(ConsoleContent, status: Int = 200, headers: [ConsoleResponse.Header] = [])
        case seeOther(String, headers: [ConsoleResponse.Header] = [])
    }

    let method: Method
    /// The path with its arguments in braces.
    let path: String
    /// The least role that is answered.
    let needs: Role
    let query: [QueryParameter]
    /// The most bytes that are read of what is sent.
    let bodyLimit: Int
    let answer: @Sendable (Call) async throws -> Reply
    private let names: PathNames

    /// What a form without a file sends at most.
    static let formLimit = 16_384

    init(
        _ method: Method,
        _ path: String,
        needs: Role,
        query: [QueryParameter] = [],
        bodyLimit: Int = formLimit,
        _ answer: @escaping @Sendable (Call) async throws -> Reply
    ) {
        self.method = method
        self.path = path
        self.needs = needs
        self.query = query
        self.bodyLimit = method == .get ? 0 : bodyLimit
        self.answer = answer
        names = PathNames(path)
    }

    /// The arguments of a path; nil where the path is not the route's.
    func arguments(of path: [String]) -> [String: String]? { names.arguments(of: path) }
}
