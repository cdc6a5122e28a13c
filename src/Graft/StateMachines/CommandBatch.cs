namespace Graft;

/// <summary>Committed commands, in the order of the log, and room for their answers.</summary>
/// <remarks>
/// Where one batch ends and the next begins differs from node to node. No answer and no state may depend on it. Valid until
/// <see cref="IStateMachine.ApplyAsync"/> ends, and for one thread at a time.
/// </remarks>
public sealed class CommandBatch
{
    private (ReadOnlyMemory<byte> Command, AppliedAt At)[] _commands = new (ReadOnlyMemory<byte>, AppliedAt)[16];
    private ReadOnlyMemory<byte>[] _answers = new ReadOnlyMemory<byte>[16];

    /// <summary>How many commands there are, at least one. Positions go from zero to one less.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of a command. They're another's once the batch is done: copy what is kept.</summary>
    /// <param name="position">Of the command, below <see cref="Count"/>.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public ReadOnlyMemory<byte> this[int position] => _commands.AsSpan(0, Count)[position].Command;

    /// <summary>When and where a command is applied.</summary>
    /// <param name="position">Of the command, below <see cref="Count"/>.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public AppliedAt At(int position) => _commands.AsSpan(0, Count)[position].At;

    /// <summary>Answers a command; one that isn't answered gets an empty answer.</summary>
    /// <param name="position">Of the command, below <see cref="Count"/>.</param>
    /// <param name="answer">Kept for as long as its caller's session may ask again: hand over bytes that nobody changes any more.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public void Answer(int position, ReadOnlyMemory<byte> answer) => _answers.AsSpan(0, Count)[position] = answer;

    /// <summary>What a command was answered; empty if it wasn't. For whoever tests a state machine: the node reads it behind the batch.</summary>
    /// <param name="position">Of the command, below <see cref="Count"/>.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public ReadOnlyMemory<byte> AnswerAt(int position) => _answers.AsSpan(0, Count)[position];

    /// <summary>Adds a command behind the others. For whoever tests a state machine: batches that a node hands out are complete.</summary>
    /// <param name="command">Its bytes, which nobody changes while the batch is in use.</param>
    /// <param name="at">Where and when it's applied.</param>
    public void Add(ReadOnlyMemory<byte> command, in AppliedAt at)
    {
        if (Count == _commands.Length)
        {
            Array.Resize(ref _commands, Count * 2);
            Array.Resize(ref _answers, Count * 2);
        }

        (_commands[Count], _answers[Count]) = ((command, at), default);
        Count++;
    }

    internal void Clear()
    {
        _commands.AsSpan(0, Count).Clear();
        _answers.AsSpan(0, Count).Clear();
        Count = 0;
    }
}
