namespace Graft;

/// <summary>How a program that is a state machine is run.</summary>
public sealed class ExternalOptions
{
    /// <summary>Arguments before those of the contract: a script, if the program is its interpreter.</summary>
    public IList<string> Arguments { get; } = [];

    /// <summary>Where it runs; the node's own directory if null.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>What <see cref="ExternalStateMachine.Once"/> names the node by; its id in 16 hexadecimal digits if null.</summary>
    public string? Id { get; set; }

    /// <summary>How long one evaluation, or one answer, may take. What takes longer is ended, and the node applies nothing further.</summary>
    /// <remarks>A minute: nothing but this state machine waits for it, and a program that hangs has to be noticed some time.</remarks>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest output of one evaluation, or the longest line, in bytes. It's all held in memory.</summary>
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
