namespace Graft.Sqlite;

/// <summary>Requests, queries and answers as bytes: what a caller sends through a <c>GraftClient</c>, or a <see cref="GraftGroup"/> of its own, and gets back.</summary>
public static class SqlWire
{
    /// <summary>The bytes of a request, to be written.</summary>
    /// <param name="request">The request. If all it holds is <c>VACUUM</c>, it becomes a command of its own kind, which no transaction surrounds.</param>
    /// <returns>A command. The node's <see cref="NodeOptions.CommandBytesMax"/> limits how long it may be.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A budget or a limit is below what its property allows.</exception>
    public static byte[] Encode(SqlRequest request) => SqlCommandCodec.Encode(request);

    /// <summary>The bytes of a query, to be read with.</summary>
    /// <param name="query">The query; its time is rounded up to milliseconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below what its property allows.</exception>
    public static byte[] Encode(SqlQuery query) => SqlQueryCodec.Encode(query);

    /// <summary>What the bytes of an answer say, to a request or a query.</summary>
    /// <param name="answer">The bytes. Nobody changes them any more: values are slices of them.</param>
    /// <exception cref="SqlFormatException">They are no answer, or one of a version that this program doesn't know.</exception>
    public static SqlAnswer DecodeAnswer(ReadOnlyMemory<byte> answer) => SqlAnswerCodec.Decode(answer);
}
