mod arm64;
mod assembled;
mod fixture;
mod real_kernels;
mod totality;
mod x86_64;
