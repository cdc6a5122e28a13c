namespace Graft;

/// <summary>How a program that is a state machine is run.</summary>
public sealed class ExternalOptions
{
    /// <summary>Arguments before those of the contract: a script, if the program is its interpreter. None by default.</summary>
    public IList<string> Arguments { get; } = [];

    /// <summary>Where it runs; the working directory of the node's process if null.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>What <see cref="ExternalStateMachine.Once"/> names the node by; its id in 16 hexadecimal digits if null. From 1 to 256 characters; a group beside the default one has its own appended.</summary>
    public string? Id { get; set; }

    /// <summary>How long one evaluation, or one answer, may take; above zero.</summary>
    /// <remarks>
    /// A program that takes longer over a command has failed, and the node applies nothing further. Over a query, one that is run once is killed and fails its
    /// asker alone; a long-lived one isn't asked for anything any more.
    /// A minute by default: nothing but this state machine waits for it, and a program that hangs has to be noticed some time.
    /// </remarks>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest output of one evaluation, or the longest line, in bytes, above zero; 16 MiB by default. It's all held in memory. A longer one is a failure, as a <see cref="Timeout"/> is.</summary>
    public int OutputBytesMax { get; set; } = 16 << 20;

    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    internal void Validate()
    {
        if (Timeout <= TimeSpan.Zero || OutputBytesMax < 1 || Id?.Length is 0 or > 256)
        {
            throw new ArgumentException(
                $"Timeout ({Timeout}) and OutputBytesMax ({OutputBytesMax}) must be above zero, and Id, if there is one, have from 1 to 256 characters.",
                paramName: null);
        }
    }
}
