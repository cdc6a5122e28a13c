using Graft.Swarm;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

Arguments? arguments = Arguments.Parse(args, out string? problem);
if (arguments is null)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(Arguments.Usage);
    return 2;
}

return arguments.IsKillTable ? KillTable.Run(arguments) : arguments.IsLog ? LogSeedRun.Run(arguments) : SeedRun.Run(arguments);
