using System.Text;

namespace Graft;

/// <summary>What a program said to a command or a query.</summary>
/// <param name="Status">Zero if it was carried out; otherwise the program's exit status, or 1.</param>
/// <param name="Output">What it answered, or why it refused.</param>
public readonly record struct ExternalAnswer(byte Status, ReadOnlyMemory<byte> Output)
{
    /// <summary>Whether the program refused the command or the query. A refusal is an answer, the same on every node.</summary>
    public bool IsError => Status != 0;

    /// <summary><see cref="Output"/> as UTF-8, with a replacement character for whatever isn't.</summary>
    public string Text => Encoding.UTF8.GetString(Output.Span);

    /// <summary>Reads what <see cref="GraftGroup.WriteAsync"/> or <see cref="GraftGroup.QueryAsync"/> brought from a program.</summary>
    /// <param name="answer">The bytes of the answer. They're not copied.</param>
    /// <exception cref="ArgumentException">It's empty, so it isn't a program's. What another state machine answered can't be told from a program's otherwise.</exception>
    public static ExternalAnswer Read(ReadOnlyMemory<byte> answer) => answer.IsEmpty
        ? throw new ArgumentException("The answer is empty, so it isn't a program's.", nameof(answer))
        : new ExternalAnswer(answer.Span[0], answer[1..]);

    internal static ExternalAnswer Refusal(byte status, string why) => new(status, Encoding.UTF8.GetBytes(why));

    internal byte[] Encode()
    {
        byte[] bytes = new byte[1 + Output.Length];
        bytes[0] = Status;
        Output.Span.CopyTo(bytes.AsSpan(1));
        return bytes;
    }
}
